"""S09: no end-of-data sequence inside a message ends it before its end."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from deliveries.channels.email.mime import EmailRenderer
from deliveries.channels.email.wire import wire_content
from deliveries.content.versions import freeze
from deliveries.signing_keys import activate, create_key
from tests.deliverability.mails import SENDER_DOMAIN
from tests.deliveries.content.factories import make_delivery, make_row

pytestmark = pytest.mark.django_db
SEQUENCES = [
    "\r\n.\r\n",
    "\n.\n",
    "\r.\r",
    "\n.\r\n",
    "\r.\r\n",
    "\r\n.\n",
    "\r\n.\r",
    "\r\n\0.\r\n",
    "\r\n.\0\r\n",
    "\n\0.\n",
    "\r\r\n.\r\r\n",
    "\n.\r",
    "\r.\n",
]


@pytest.mark.parametrize("sequence", SEQUENCES)
@pytest.mark.parametrize("signed", [False, True])
def test_s09_what_leaves_holds_one_end_of_data_and_no_second_command(sequence: str, signed: bool) -> None:
    if signed:
        activate(create_key(domain=SENDER_DOMAIN, algorithm="ed25519-sha256", now=timezone.now()))
    smuggled = f"x{sequence}MAIL FROM:<evil@example.com>\r\nRCPT TO:<victim@example.com>\r\nDATA\r\n"
    written = smuggled.replace("\0", "")
    content = {"html": f"<p>{written}{{{{ recipient.first_name }}}}", "text": written + "{{ recipient.first_name }}"}
    delivery = make_delivery(subject="{{ recipient.last_name }}", from_name="{{ recipient.last_name }}", **content)
    row = make_row(first_name=smuggled, last_name=smuggled)

    message = EmailRenderer(delivery, freeze(delivery)).render(row)

    assert message.wire_ready and wire_content(message.content) == message.content
    assert re.search(rb"(?<!\r)\n|\r(?!\n)|\0", message.content) is None
    assert not any(line.startswith(b".") for line in message.content.split(b"\r\n"))
    head = message.content.partition(b"\r\n\r\n")[0]
    assert b"\r\nMAIL FROM" not in head and b"\r\nRCPT TO" not in head
