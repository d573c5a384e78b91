from __future__ import annotations

import pytest

from deliveries.inbound.reading.mail import read_mail
from deliveries.inbound.reading.verdict import Kind, Reading
from tests.deliveries.inbound.reading.rules import PRODUCT_RULES

ORIGINAL = "Return-Path: <b+77@sender.example>\nMessage-ID: <77ab@sender.example>\nTo: ann@there.example\n\nHello\n"


def report(fields: str, *, kind: str = "message/feedback-report") -> Reading:
    mail = (
        "From: feedback@provider.example\nTo: fbl@sender.example\nSubject: FW: Spring\n"
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
        f"--b\nContent-Type: text/plain\n\nAn abuse report.\n\n--b\nContent-Type: {kind}\n\n{fields}\n"
        f"--b\nContent-Type: message/rfc822\n\n{ORIGINAL}\n--b--\n"
    )
    return read_mail(mail.encode(), PRODUCT_RULES)


@pytest.mark.parametrize("feedback_type", ["abuse", "fraud", "opt-out", "other"])
def test_d28_a_report_of_abuse_is_a_complaint_and_no_failure(feedback_type: str) -> None:
    reading = report(f"Feedback-Type: {feedback_type}\nVersion: 1\nOriginal-Rcpt-To: <ann@there.example>\n")

    assert (reading.kind, reading.feedback_type) == (Kind.COMPLAINT, feedback_type)
    assert [(each.address, each.failure_type) for each in reading.recipients] == [("ann@there.example", None)]


@pytest.mark.parametrize("feedback_type", ["auth-failure", "not-spam", "dmarc"])
def test_other_reports_in_that_format_complain_of_nothing(feedback_type: str) -> None:
    reading = report(f"Feedback-Type: {feedback_type}\nOriginal-Rcpt-To: ann@there.example\n")

    assert (reading.kind, reading.recipients) == (Kind.OTHER, ())


def test_a_complaint_without_its_recipient_takes_the_one_of_the_message() -> None:
    assert [each.address for each in report("Feedback-Type: abuse\n").recipients] == ["ann@there.example"]


def test_a_complaint_carries_the_message_that_it_is_about() -> None:
    reading = report("Feedback-Type: abuse\nOriginal-Mail-From: <b+88@sender.example>\n")

    assert reading.original_message_id == "<77ab@sender.example>"
    assert {"b+77@sender.example", "b+88@sender.example", "<77ab@sender.example>"} <= set(reading.tokens)


def test_a_complaint_whose_parts_lost_their_types_is_still_one() -> None:
    reading = report("Feedback-Type: fraud\nOriginal-Rcpt-To: ann@there.example\n", kind="text/plain")

    assert (reading.kind, reading.feedback_type) == (Kind.COMPLAINT, "fraud")


def test_a_complaint_known_by_its_subject_only() -> None:
    mail = (
        "From: staff@provider.example\nSubject: complaint about message from 192.0.2.1\n"
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
        f"X-HmXmrOriginalRecipient: <ann@there.example>\n{ORIGINAL}\n--b--\n"
    )

    reading = read_mail(mail.encode(), PRODUCT_RULES)

    assert reading.kind == Kind.COMPLAINT
    assert [each.address for each in reading.recipients] == ["ann@there.example"]
