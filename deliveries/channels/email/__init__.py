"""E-mail: MIME, SMTP and what SMTP replies mean."""
