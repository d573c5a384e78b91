"""Notices in JSON that Amazon SES sends by mail."""

from __future__ import annotations

import json
from typing import Any

from deliveries.inbound.reading.mail import read_mail
from deliveries.inbound.reading.verdict import Kind, Reading
from recipients.vocabulary import FailureReason, FailureType
from tests.deliveries.inbound.reading.rules import PRODUCT_RULES

MAIL = {
    "source": "b+77@sender.example",
    "destination": ["ann@there.example"],
    "headers": [{"name": "Message-ID", "value": "<77ab@sender.example>"}],
}


def read(kind: str, event: dict[str, Any], *, folded: bool = False) -> Reading:
    text = json.dumps({"notificationType": kind.capitalize(), "mail": MAIL, kind: event})
    if folded:
        text = "\n".join(text[start : start + 70] for start in range(0, len(text), 70))
    mail = (
        f"From: no-reply@sns.example\nTo: bounces@sender.example\nSubject: Notification\n\n{text}\n--\nUnsubscribe…\n"
    )
    return read_mail(mail.encode(), PRODUCT_RULES)


BOUNCED = {
    "bounceType": "Permanent",
    "bouncedRecipients": [
        {
            "emailAddress": "ann@there.example",
            "action": "failed",
            "status": "5.1.1",
            "diagnosticCode": "smtp; 550 5.1.1 user unknown",
        }
    ],
}


def test_a_bounce_in_json_is_a_bounce() -> None:
    reading = read("bounce", BOUNCED)

    (verdict,) = reading.recipients
    assert (reading.kind, reading.original_message_id) == (Kind.BOUNCE, "<77ab@sender.example>")
    assert (verdict.failure_type, verdict.failure_reason) == (FailureType.HARD, FailureReason.USER_UNKNOWN)
    assert "b+77@sender.example" in reading.tokens


def test_lines_folded_on_the_way_are_joined() -> None:
    assert read("bounce", BOUNCED, folded=True).recipients == read("bounce", BOUNCED).recipients


def test_a_temporary_bounce_is_soft() -> None:
    event = {"bounceType": "Transient", "bouncedRecipients": [{"emailAddress": "ann@there.example"}]}

    assert [each.failure_type for each in read("bounce", event).recipients] == [FailureType.SOFT]


def test_a_complaint_in_json_is_a_complaint() -> None:
    event = {"complainedRecipients": [{"emailAddress": "ann@there.example"}], "complaintFeedbackType": "fraud"}

    reading = read("complaint", event)

    assert (reading.kind, reading.feedback_type) == (Kind.COMPLAINT, "fraud")
    assert [(each.address, each.failure_type) for each in reading.recipients] == [("ann@there.example", None)]


def test_a_receipt_in_json_is_no_failure() -> None:
    reading = read("delivery", {"recipients": ["ann@there.example"], "smtpResponse": "250 2.6.0 received"})

    assert (reading.kind, reading.recipients[0].failure_type) == (Kind.DELIVERED, None)


def test_other_json_is_just_a_mail() -> None:
    assert read("invoice", {"total": 3}).kind == Kind.OTHER
