"""How a mail's own HTML is served: under its own address, where nothing runs, for a sandboxed frame of ours."""

from __future__ import annotations

# Mail brings its own styles and pictures; its links open windows of their own.
MAIL_BODY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data:; sandbox allow-popups; "
    "frame-ancestors 'self'"
)
MAIL_BODY_HEADERS = {
    "Content-Security-Policy": MAIL_BODY_POLICY,
    # Every other page refuses to be framed at all.
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
}
