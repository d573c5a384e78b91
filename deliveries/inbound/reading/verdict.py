"""What reading one mail yields: its kind, whom it concerns, and where our signed token may be."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from recipients.vocabulary import FailureReason, FailureType

DETAIL_LIMIT = 1000


class Kind(enum.StrEnum):
    """The values of `deliveries.models.inbound.MailKind`, without its database."""

    BOUNCE = "bounce"
    DELAY = "delay"
    DELIVERED = "delivered"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto_reply"
    UNSUBSCRIPTION = "unsubscription"
    OTHER = "other"


class Unreadable(Exception):
    """The mail could not be read within its limits; nothing is known about it."""


@dataclass(frozen=True, slots=True)
class RecipientVerdict:
    address: str
    # Enhanced code (RFC 3463) and basic SMTP code, each empty when the mail shows none.
    status: str = ""
    reply_code: str = ""
    # None unless the mail says that something failed.
    failure_type: FailureType | None = None
    failure_reason: FailureReason | None = None
    # What the server said: one line, no controls, at most 1000 characters.
    detail: str = ""
    # The name of the rule that decided; empty when the codes alone did.
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    kind: Kind = Kind.OTHER
    recipients: tuple[RecipientVerdict, ...] = ()
    # Addresses and Message-IDs that may carry our token, the most telling first. Whoever wrote the mail chose them.
    tokens: tuple[str, ...] = ()
    original_message_id: str = ""
    subject: str = ""
    # RFC 5965: abuse, fraud, virus, other, not-spam, opt-out … Empty unless it is a complaint.
    feedback_type: str = ""
    unsubscribes: bool = False


def one_line(text: str, limit: int = DETAIL_LIMIT) -> str:
    """Without line breaks, controls and repeated spaces, cut to `limit` characters."""
    text = text[: limit * 4]
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())[:limit]


def as_document(reading: Reading) -> dict[str, Any]:
    """The reading as JSON values; `from_document` is its inverse."""
    return {
        "kind": reading.kind.value,
        "recipients": [_recipient_document(recipient) for recipient in reading.recipients],
        "tokens": list(reading.tokens),
        "original_message_id": reading.original_message_id,
        "subject": reading.subject,
        "feedback_type": reading.feedback_type,
        "unsubscribes": reading.unsubscribes,
    }


def from_document(document: dict[str, Any]) -> Reading:
    return Reading(
        kind=Kind(document["kind"]),
        recipients=tuple(_recipient(recipient) for recipient in document["recipients"]),
        tokens=tuple(document["tokens"]),
        original_message_id=document["original_message_id"],
        subject=document["subject"],
        feedback_type=document["feedback_type"],
        unsubscribes=document["unsubscribes"],
    )


def _recipient_document(recipient: RecipientVerdict) -> dict[str, Any]:
    return {name: getattr(recipient, name) for name in RecipientVerdict.__slots__}


def _recipient(document: dict[str, Any]) -> RecipientVerdict:
    failure_type, failure_reason = document["failure_type"], document["failure_reason"]
    named = {
        "failure_type": None if failure_type is None else FailureType(failure_type),
        "failure_reason": None if failure_reason is None else FailureReason(failure_reason),
    }
    return RecipientVerdict(**{**document, **named})
