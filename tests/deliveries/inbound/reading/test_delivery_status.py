"""Reports of RFC 3464, as the standard has them and as they come."""

from __future__ import annotations

import pytest

from deliveries.inbound.reading.mail import read_mail
from deliveries.inbound.reading.verdict import Kind, Reading
from recipients.vocabulary import FailureReason, FailureType
from tests.deliveries.inbound.reading.rules import PRODUCT_RULES

ORIGINAL = "Return-Path: <b+77@sender.example>\nMessage-ID: <77ab@sender.example>\nTo: ann@there.example\n\nHello\n"


def read(
    fields: str,
    *,
    text: str = "It failed.",
    status_type: str = "message/delivery-status",
    original: str = ORIGINAL,
    outer: str = "multipart/report; report-type=delivery-status",
) -> Reading:
    mail = (
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.there.example\nTo: b+77@sender.example\nSubject: Undelivered\n"
        f'Content-Type: {outer}; boundary="=_b"\n\n--=_b\nContent-Type: text/plain\n\n{text}\n\n'
        f"--=_b\nContent-Type: {status_type}\n\nReporting-MTA: dns; mx.there.example\n\n{fields}\n"
        f"--=_b\nContent-Type: message/rfc822\n\n{original}\n--=_b--\n"
    )
    return read_mail(mail.encode(), PRODUCT_RULES)


def fields(**values: str) -> str:
    given = {"Final-Recipient": "rfc822; ann@there.example", "Action": "failed", "Status": "5.1.1", **values}
    return "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in given.items() if value)


def outcome(reading: Reading) -> list[tuple[str, FailureType | None, FailureReason | None]]:
    return [(each.address, each.failure_type, each.failure_reason) for each in reading.recipients]


ANN_UNKNOWN = [("ann@there.example", FailureType.HARD, FailureReason.USER_UNKNOWN)]


def test_a_report_names_the_recipient_the_codes_and_the_words() -> None:
    reading = read(fields(Diagnostic_Code="smtp; 550 5.1.1 <ann@there.example>\n  no such\n  user"))

    (verdict,) = reading.recipients
    assert reading.kind == Kind.BOUNCE
    assert (verdict.status, verdict.reply_code) == ("5.1.1", "550")
    assert verdict.detail == "550 5.1.1 <ann@there.example> no such user"
    assert outcome(reading) == ANN_UNKNOWN


def test_the_returned_message_gives_its_number_and_its_return_path() -> None:
    reading = read(fields())

    assert reading.original_message_id == "<77ab@sender.example>"
    assert {"b+77@sender.example", "<77ab@sender.example>"} <= set(reading.tokens)


@pytest.mark.parametrize("order", ["\n", ""])
def test_each_recipient_has_its_own_fields_even_without_an_empty_line_between(order: str) -> None:
    two = (
        fields()
        + order
        + fields(Final_Recipient="rfc822; bob@there.example", Status="5.2.2").replace(
            "Final-Recipient: rfc822; ann@there.example\n", "", 1
        )
    )

    assert outcome(read(two)) == [
        *ANN_UNKNOWN,
        ("bob@there.example", FailureType.SOFT, FailureReason.MAILBOX_FULL),
    ]


@pytest.mark.parametrize(
    "named",
    [
        {"Final-Recipient": "RFC822;ANN@there.example"},
        {"Final-Recipient": "rfc822; <ann@there.example>"},
        {"Final-Recipient": "ann@there.example"},
        {"Final-Recipient": "x-unix; |/usr/bin/filter", "Original-Recipient": "rfc822;ann@there.example"},
        {"Final-Recipient": "", "Original-Recipient": "rfc822; ann@there.example"},
        {"Final-Recipient": "", "X-Actual-Recipient": "rfc822; ann@there.example"},
        {"Final-Recipient": "rfc822; @there.example"},
        {"Final-Recipient": "rfc822; ann"},
    ],
)
def test_the_recipient_is_found_whatever_field_names_it(named: dict[str, str]) -> None:
    assert [each.address.lower() for each in read(fields(**named)).recipients] == ["ann@there.example"]


def test_a_quoted_local_part_is_an_address() -> None:
    reading = read(fields(**{"Final-Recipient": 'rfc822; "ann...other"@there.example'}))

    assert reading.recipients[0].address == '"ann...other"@there.example'


@pytest.mark.parametrize("status_type", ["message/global-delivery-status", "message/x-delivery-status", "text/plain"])
def test_the_fields_are_found_under_other_content_types(status_type: str) -> None:
    assert outcome(read(fields(), status_type=status_type)) == ANN_UNKNOWN


def test_a_report_within_other_parts_is_found() -> None:
    assert outcome(read(fields(), outer="multipart/mixed")) == ANN_UNKNOWN


def test_a_report_that_carries_another_report_tells_what_the_inner_one_says() -> None:
    inner = "From: MAILER-DAEMON@inner.example\nContent-Type: multipart/report; boundary=i\n\n--i\n" + (
        f"Content-Type: message/delivery-status\n\n{fields()}\n--i--\n"
    )
    mail = (
        "From: MAILER-DAEMON@outer.example\nSubject: Returned mail\nContent-Type: multipart/mixed; boundary=o\n\n"
        "--o\nContent-Type: text/plain\n\nThe following message was not delivered.\n\n"
        f"--o\nContent-Type: message/rfc822\n\n{inner}\n--o--\n"
    )

    assert outcome(read_mail(mail.encode(), PRODUCT_RULES)) == ANN_UNKNOWN


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("failed", "5.1.1", Kind.BOUNCE),
        ("Failed", "5.1.1", Kind.BOUNCE),
        ("", "5.1.1", Kind.BOUNCE),
        ("delayed", "4.4.1", Kind.DELAY),
        ("delivered", "2.0.0", Kind.DELIVERED),
        ("relayed", "2.0.0", Kind.DELIVERED),
        ("expanded", "2.0.0", Kind.DELIVERED),
        ("", "2.1.5", Kind.DELIVERED),
    ],
)
def test_the_action_says_what_kind_of_report_it_is(action: str, status: str, kind: Kind) -> None:
    assert read(fields(Action=action, Status=status)).kind == kind


def test_who_got_the_mail_is_not_among_those_who_did_not() -> None:
    two = fields() + "\n" + fields(Action="delivered", Status="2.0.0").replace("ann@", "bob@")

    assert outcome(read(two)) == ANN_UNKNOWN


def test_a_delay_is_soft_whatever_it_is_about() -> None:
    ((_address, failure_type, reason),) = outcome(read(fields(Action="delayed", Status="4.1.1")))

    assert (failure_type, reason) == (FailureType.SOFT, FailureReason.USER_UNKNOWN)


@pytest.mark.parametrize(
    ("status", "diagnostic", "failure_type", "reason"),
    [
        # A precise code of the other server counts more than a vague one of the reporting system.
        ("5.0.0", "550 5.1.1 rejected", FailureType.HARD, FailureReason.USER_UNKNOWN),
        ("5.1.1", "550 5.0.0 rejected", FailureType.HARD, FailureReason.USER_UNKNOWN),
        ("4.5.0", "550 5.1.1 rejected", FailureType.HARD, FailureReason.USER_UNKNOWN),
        # The enhanced code counts more than the basic one, and both more than words.
        ("4.1.1", "550 user unknown", FailureType.SOFT, FailureReason.USER_UNKNOWN),
        ("5.2.2", "552 user unknown", FailureType.SOFT, FailureReason.MAILBOX_FULL),
        ("", "450 user unknown", FailureType.SOFT, FailureReason.USER_UNKNOWN),
        ("5.0.0", "550 user unknown", FailureType.HARD, FailureReason.USER_UNKNOWN),
        ("5.1.10", "550 5.1.10 RecipientNotFound", FailureType.HARD, FailureReason.USER_UNKNOWN),
        ("5.1.2", "", FailureType.HARD, FailureReason.INVALID_DOMAIN),
        ("5.4.4", "name service error: Host not found", FailureType.HARD, FailureReason.INVALID_DOMAIN),
        ("5.4.4", "name server timed out, try again", FailureType.SOFT, FailureReason.UNREACHABLE),
        ("5.2.1", "550 5.2.1 mailbox disabled", FailureType.SOFT, FailureReason.ACCOUNT_DISABLED),
        ("4.4.7", "message expired", FailureType.SOFT, FailureReason.UNREACHABLE),
        # About us: nobody is blamed.
        ("5.7.1", "550 5.7.1 blocked using a dnsbl", FailureType.IGNORED, FailureReason.REFUSED),
        ("5.7.26", "550 5.7.26 DMARC policy", FailureType.IGNORED, FailureReason.REFUSED),
        ("5.7.515", "550 5.7.515 access denied", FailureType.IGNORED, FailureReason.REFUSED),
        ("5.1.8", "553 5.1.8 sender domain does not exist", FailureType.IGNORED, FailureReason.REFUSED),
        ("5.7.1", "550 5.7.1 relaying denied", FailureType.IGNORED, FailureReason.REFUSED),
        ("4.7.0", "421 4.7.0 poor reputation", FailureType.IGNORED, FailureReason.REFUSED),
        # About the message.
        ("5.6.0", "554 5.6.0 looks like spam", FailureType.SOFT, FailureReason.REFUSED),
        ("5.3.4", "552 5.3.4 message too large", FailureType.SOFT, FailureReason.REFUSED),
        # After the message was sent, "unknown" is what filters say.
        ("5.0.0", "550 unknown user (in reply to end of DATA command)", FailureType.SOFT, FailureReason.REFUSED),
        ("5.0.0", "550 unknown user (in reply to MAIL FROM command)", FailureType.IGNORED, FailureReason.REFUSED),
        ("5.1.1", "550 5.1.1 unknown (in reply to end of DATA command)", FailureType.HARD, FailureReason.USER_UNKNOWN),
        ("5.0.0", "550 Qx-77 over and out", FailureType.UNDEFINED, FailureReason.NOT_DEFINED),
    ],
)
def test_d26_codes_words_and_stages_are_weighed(
    status: str, diagnostic: str, failure_type: FailureType, reason: FailureReason
) -> None:
    reading = read(fields(Status=status, Diagnostic_Code=f"smtp; {diagnostic}"))

    assert outcome(reading) == [("ann@there.example", failure_type, reason)]


def test_a_diagnostic_without_words_is_explained_by_the_text() -> None:
    text = "<ann@there.example>\n    (reason: 550 mailbox is full)"

    reading = read(fields(Status="5.0.0", Diagnostic_Code="smtp; 550"), text=text)

    assert outcome(reading) == [("ann@there.example", FailureType.SOFT, FailureReason.MAILBOX_FULL)]


def test_japanese_in_another_charset_than_announced_is_still_read() -> None:
    words = "メールボックスが一杯です".encode("euc_jp")
    mail = (
        b"From: MAILER-DAEMON@mx.there.example\nSubject: Returned mail\n"
        b"Content-Type: text/plain; charset=ISO-2022-JP\n\nThe following recipients were not reached:\n\n"
        b"<ann@there.example>\n" + words + b"\n"
    )

    assert outcome(read_mail(mail, PRODUCT_RULES)) == [
        ("ann@there.example", FailureType.SOFT, FailureReason.MAILBOX_FULL)
    ]
