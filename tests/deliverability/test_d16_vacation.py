"""D16: Dovecot's absence notes answer people, and none of our mails."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.mail import EmailMessage

from deliveries.channels.email.mime import EmailRenderer
from deliveries.content.versions import freeze
from deliveries.models.settings import SendingFields
from operations.notifications import HEADERS
from tests.deliverability.mails import make_mailing
from tests.deliverability.vacation import Absent
from tests.deliveries.content.factories import make_row

pytestmark = [pytest.mark.django_db, pytest.mark.dovecot]
OWNER = "anne@example.net"
LETTER = (
    "From: bob@example.org\r\nTo: anne@example.net\r\nSubject: Lunch?\r\nMessage-ID: <1@example.org>\r\n"
    "Date: Sat, 21 Nov 2026 12:00:00 +0000\r\n\r\nAre you there?\r\n"
)


@pytest.fixture
def absent(tmp_path: Path) -> Absent:
    return Absent(tmp_path, OWNER)


def test_d16_a_letter_is_answered(absent: Absent) -> None:
    answer, log = absent.receive(LETTER.encode(), "bob@example.org")

    assert "RECIPIENT: bob@example.org" in answer and "I am away." in answer, log


@pytest.mark.parametrize("priority", [SendingFields.Priority.NORMAL, SendingFields.Priority.TRANSACTIONAL])
def test_d16_neither_a_mailing_nor_a_transactional_mail_is_answered(absent: Absent, priority: int) -> None:
    mailing = make_mailing(priority=priority)
    renderer = EmailRenderer(mailing, freeze(mailing))
    for number in range(1, 21):
        message = renderer.render(make_row(number, OWNER))
        answer, log = absent.receive(message.content, message.sender)
        assert "RECIPIENT" not in answer and "vacation action: discarding" in log


def test_d16_a_notice_of_the_system_is_not_answered(absent: Absent) -> None:
    notice = EmailMessage(
        subject="Complaints", body="Look.", from_email="diffusion@example.com", to=[OWNER], headers=HEADERS
    )
    answer, log = absent.receive(notice.message().as_bytes(), "diffusion@example.com")

    assert "RECIPIENT" not in answer and "vacation action: discarding" in log
