"""Whatever arrives: a reading, never an exception. Mails here grow from real pieces, so that they get past the door."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deliveries.inbound.reading.mail import read_mail
from deliveries.inbound.reading.verdict import Reading, as_document, from_document
from tests.deliveries.inbound.reading.dialects import DIALECTS
from tests.deliveries.inbound.reading.ordinary import ORDINARY
from tests.deliveries.inbound.reading.rules import PRODUCT_RULES

PIECES = st.sampled_from(
    [
        b"From: MAILER-DAEMON@mx.example\n",
        b"Return-Path: <>\n",
        b"Subject: =?utf-8?q?Undelivered_=ff?=\n",
        b"Content-Type: multipart/report; boundary=b\n",
        b"Content-Type: multipart/mixed\n",
        b"Content-Type: message/delivery-status\n",
        b"Content-Type: message/feedback-report\n",
        b"Content-Type: message/rfc822\n",
        b"Content-Type: text/html; charset=utf-16\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: quoted-printable\n",
        b"--b\n",
        b"--b--\n",
        b"\n",
        b"\r\n",
        b"Final-Recipient: rfc822; ann@there.example\n",
        b"Action: delayed\n",
        b"Status: 5.1.1 (\n",
        b"Diagnostic-Code: smtp; 550 5.1.1 <ann@there.example>\n",
        b"Feedback-Type: abuse\n",
        b"Your message could not be delivered to:\n",
        b"<ann@there.example>: host said: 550 5.1.1 unknown\n",
        b">>> RCPT TO:<bob@there.example>\n",
        b"X-Failed-Recipients: ann@there.example, @, <>\n",
        b"----- Original message -----\n",
        b"Received: from a by b\n",
        b'{"notificationType":"Bounce","mail":[],"bounce":{"bouncedRecipients":[1,{}]}}\n',
        b"\xff\xfe\x00\x1b$B",
    ]
)
QUICKLY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(raw: bytes) -> None:
    reading = read_mail(raw, PRODUCT_RULES)

    assert from_document(as_document(reading)) == reading
    assert isinstance(reading, Reading) and all(len(token) <= 320 for token in reading.tokens)
    for verdict in reading.recipients:
        assert len(verdict.detail) <= 1000 and verdict.detail.isprintable()


@QUICKLY
@given(st.binary(max_size=2000))
def test_s30_bytes_of_any_kind_are_read(raw: bytes) -> None:
    check(raw)


@QUICKLY
@given(st.lists(PIECES | st.binary(max_size=20), max_size=40).map(b"".join))
def test_s30_mails_of_any_pieces_are_read(raw: bytes) -> None:
    check(raw)


@QUICKLY
@given(
    st.sampled_from([*[each.mail() for each in DIALECTS], *[mail for mail in ORDINARY.values() if len(mail) < 5000]]),
    st.integers(0, 5000),
    st.integers(0, 300),
    st.binary(max_size=30),
)
def test_s30_damaged_mails_are_read(raw: bytes, at: int, length: int, put: bytes) -> None:
    at = min(at, len(raw))

    check(raw[:at] + put + raw[at + length :])
