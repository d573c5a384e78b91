"""Deliveries that were sent, and readings of the mails that come back for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from deliveries.channels.email.addresses import bounce_address, message_id, unsubscription_address
from deliveries.counters import count_rows
from deliveries.inbound.cases import ReadMail
from deliveries.inbound.reading.verdict import Kind, Reading, RecipientVerdict
from deliveries.models import Broadlog, Delivery, MessageStatus
from recipients.models import Quarantine
from recipients.vocabulary import FailureReason, FailureType
from tests.deliveries.rows import make_started

DOMAIN = "bounces.example.com"
HARD = (FailureType.HARD, FailureReason.USER_UNKNOWN)
SOFT = (FailureType.SOFT, FailureReason.MAILBOX_FULL)


def make_sent(now: datetime, *, people: int = 3, **values: Any) -> Delivery:
    """A delivery whose messages were all handed over."""
    delivery = make_started(now, people=people, **values)
    delivery.broadlogs.update(status=MessageStatus.SENT, updated_at=now)
    Delivery.objects.filter(pk=delivery.pk).update(pending=0, sent=people)
    delivery.refresh_from_db()
    return delivery


def messages_of(delivery: Delivery) -> list[Broadlog]:
    return list(delivery.broadlogs.order_by("pk"))


def bounce(
    row: Broadlog,
    verdict: tuple[FailureType, FailureReason] = HARD,
    *,
    address: str = "",
    detail: str = "550 5.1.1 no such user",
    kind: Kind = Kind.BOUNCE,
    **values: Any,
) -> Reading:
    """A report about this message that names `address` (its own unless given)."""
    type, reason = verdict
    about = RecipientVerdict(address or row.address, "5.1.1", "550", type, reason, detail)
    tokens = (bounce_address(row.pk, DOMAIN),)
    return Reading(**{"kind": kind, "recipients": (about,), "tokens": tokens, **values})


def complaint(row: Broadlog, feedback_type: str = "abuse") -> Reading:
    return Reading(kind=Kind.COMPLAINT, feedback_type=feedback_type, original_message_id=message_id(row.pk, DOMAIN))


def unsubscription(row: Broadlog) -> Reading:
    return Reading(kind=Kind.UNSUBSCRIPTION, unsubscribes=True, tokens=(unsubscription_address(row.pk, DOMAIN),))


def mails(*readings: Reading | None, prefix: str = "mail") -> list[ReadMail]:
    return [ReadMail(f"{prefix}-{number}", reading) for number, reading in enumerate(readings)]


def statuses(delivery: Delivery) -> list[MessageStatus]:
    return [MessageStatus(row.status) for row in messages_of(delivery)]


def in_quarantine() -> dict[str, str]:
    return {row.address: Quarantine.Status(row.status).slug for row in Quarantine.objects.all()}


def counters_agree(delivery: Delivery) -> bool:
    delivery.refresh_from_db()
    counts = count_rows(delivery.pk)
    return {name: getattr(delivery, name) for name in counts} == counts


def dsn(
    row: Broadlog, *, to: str | None = None, final: str = "", status: str = "5.1.1", text: str = "", mark: str = ""
) -> bytes:
    """A delivery status notification as a mail server writes it; `to` is where it was sent."""
    address = final or row.address
    said = text or f"550 {status} <{address}>: Recipient address rejected: User unknown"
    boundary = "=_report"
    lines = [
        f"To: <{bounce_address(row.pk, DOMAIN) if to is None else to}>",
        "From: MAILER-DAEMON@mx.example.com",
        "Subject: Undelivered Mail Returned to Sender",
        f"X-Mark: {mark}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
        "",
        f"--{boundary}",
        "",
        f"<{address}>: {said}",
        "",
        f"--{boundary}",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example.com",
        "",
        f"Final-Recipient: rfc822; {address}",
        "Action: failed",
        f"Status: {status}",
        f"Diagnostic-Code: smtp; {said}",
        "",
        f"--{boundary}--",
        "",
    ]
    return "\r\n".join(lines).encode()


def arf(row: Broadlog, *, message: str | None = None) -> bytes:
    """A complaint as a provider's feedback loop sends it: the recipient's address is removed."""
    named = message_id(row.pk, DOMAIN) if message is None else message
    boundary = "=_complaint"
    lines = [
        "To: fbl@example.com",
        "From: feedback@provider.example",
        f"Subject: complaint {row.pk}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=feedback-report; boundary="{boundary}"',
        "",
        f"--{boundary}",
        "",
        "This is a complaint.",
        "",
        f"--{boundary}",
        "Content-Type: message/feedback-report",
        "",
        "Feedback-Type: abuse",
        "User-Agent: Feedback/1.0",
        "Version: 1",
        "",
        f"--{boundary}",
        "Content-Type: message/rfc822",
        "",
        "From: shop@example.com",
        "Subject: An offer",
        f"Message-ID: {named}",
        "",
        "Hello",
        "",
        f"--{boundary}--",
        "",
    ]
    return "\r\n".join(lines).encode()
