"""D02: the headers of one-click unsubscription, literally, on mailings and never on transactional messages."""

from __future__ import annotations

import re

import pytest
from pytest_django import Settings

from common.tokens import verify
from deliveries.channels.email.addresses import broadlog_of_unsubscription
from deliveries.content.links import UNSUBSCRIBE
from deliveries.models import InboundSource
from deliveries.models.settings import SendingFields
from tests.deliverability.mails import SENDER_DOMAIN, make_mailing, messages, parse

pytestmark = pytest.mark.django_db
LITERAL = re.compile(
    r"<https://t\.example\.com/t/u/([\w-]{34})>, <mailto:(u\+[0-9a-f]{50}@back\.example\.com)\?subject=unsubscribe>"
)


@pytest.fixture(autouse=True)
def tracking_host(settings: Settings) -> None:
    settings.TRACKING_BASE_URL = "https://t.example.com"


def add_source(domain: str, enabled: bool = True) -> None:
    InboundSource.objects.create(label=domain, kind=InboundSource.Kind.MAILDIR, domain=domain, enabled=enabled)


def test_d02_each_mail_names_its_own_https_address_and_mail_address() -> None:
    add_source("off.example.com", enabled=False)
    add_source("back.example.com")

    for message in messages(make_mailing(), 100):
        parsed = parse(message.content)
        found = LITERAL.fullmatch(parsed["List-Unsubscribe"].strip())
        assert found is not None, parsed["List-Unsubscribe"]
        assert verify(found.group(1), UNSUBSCRIBE).row == message.broadlog_id
        assert broadlog_of_unsubscription(found.group(2)) == message.broadlog_id
        assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert message.sender.endswith("@back.example.com")


def test_d02_without_a_mailbox_that_is_read_only_the_https_address_is_named() -> None:
    message = next(messages(make_mailing(), 1))

    assert re.fullmatch(r"<https://t\.example\.com/t/u/[\w-]{34}>", parse(message.content)["List-Unsubscribe"].strip())
    assert message.sender.endswith(f"@{SENDER_DOMAIN}")


def test_d02_a_transactional_message_is_no_mailing() -> None:
    delivery = make_mailing(priority=SendingFields.Priority.TRANSACTIONAL)

    parsed = parse(next(messages(delivery, 1)).content)

    for name in ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Precedence", "Auto-Submitted"):
        assert parsed[name] is None
    assert parsed["Feedback-ID"] and parsed["Message-ID"]
