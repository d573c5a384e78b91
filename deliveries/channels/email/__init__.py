"""E-mail: MIME, SMTP and what SMTP replies mean.

Read `channel.py` (what it registers), `mime.py` (one message as bytes, with `headers.py` and `addresses.py`), then
`smtp.py` (sending) and `replies.py` (what an answer means).
"""

from deliveries.channels.email import channel

__all__ = ["channel"]
