"""Where inbound mails wait: `base.py` says what a source is, each other module is one kind of it."""

from deliveries.inbound.sources import imap, maildir, pop3, spool

__all__ = ["imap", "maildir", "pop3", "spool"]
