"""From the token of a public link to the message it was made for; anything wrong is no message."""

from __future__ import annotations

from typing import Any

from common.tokens import InvalidToken, verify
from deliveries.content.personalisation import RECIPIENT_FIELDS
from deliveries.models import Broadlog, ContentVersion, TrackedUrl
from recipients.models import Recipient


class UnknownLink(Exception):
    """The token is forged or malformed, or its message is gone: all are answered alike."""


def message_of(token: str, kind: int) -> tuple[Broadlog, int]:
    """The message that the token names, and the token's second number."""
    try:
        content = verify(token, kind)
    except InvalidToken:
        raise UnknownLink from None
    rows = Broadlog.objects.select_related("delivery__service", "preparation__content_version")
    row = rows.filter(pk=content.row).first()
    if row is None:
        raise UnknownLink
    return row, content.detail


def recipient_of(message: Broadlog) -> Recipient | None:
    """The person; None for a proof to a bare address and for someone erased."""
    return Recipient.objects.filter(pk=message.recipient_id).first() if message.recipient_id else None


def recipient_values(recipient: Recipient | None) -> dict[str, Any]:
    """The person's fields as templates read them."""
    person = recipient or Recipient()
    return {name: getattr(person, name) for name in RECIPIENT_FIELDS}


def version_of(message: Broadlog) -> ContentVersion:
    version = message.preparation.content_version
    if version is None:
        raise UnknownLink
    return version


def url_of(message: Broadlog, *, kind: TrackedUrl.Kind, number: int | None = None) -> TrackedUrl | None:
    """A link of the content that this message was sent with."""
    rows = TrackedUrl.objects.filter(content_version=message.preparation.content_version_id, kind=kind)
    return (rows if number is None else rows.filter(number=number)).order_by("number").first()
