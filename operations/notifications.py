"""Mail to the people who use this installation: somebody waits for them, or they are to know something."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.contrib.auth.models import User
from django.core.mail import EmailMessage, get_connection
from django.db import transaction

logger = logging.getLogger("diffusion.notifications")
# A machine wrote it (RFC 3834): no absence note comes back for it.
HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


def notify(users: Iterable[User], *, subject: str, body: str) -> int:
    """Send a mail to each of them after the commit; return how many have an address. A failure is only logged."""
    addresses = sorted({user.email for user in users if user.email and user.is_active})
    if addresses:
        transaction.on_commit(lambda: _send(addresses, subject, body), robust=True)
    return len(addresses)


def _send(addresses: list[str], subject: str, body: str) -> None:
    # One mail each: nobody sees who else was told.
    title = " ".join(subject.split())
    mails = [EmailMessage(subject=title, body=body, to=[address], headers=HEADERS) for address in addresses]
    try:
        get_connection().send_messages(mails)
    except Exception:
        logger.warning("%d people could not be told of %r", len(addresses), title, exc_info=True)
