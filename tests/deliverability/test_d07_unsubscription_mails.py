"""D07: a mail to the address of List-Unsubscribe unsubscribes whoever its token names, however it was written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from deliveries.channels.email.addresses import unsubscription_address
from recipients.models import Recipient
from tests.deliveries.inbound.boxes import make_box, read_box
from tests.deliveries.inbound.mails import DOMAIN, make_sent, messages_of

pytestmark = pytest.mark.django_db


def mail(to: str, *, sender: str = "somebody@example.net", subject: str = "", text: str = "", html: str = "") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()


def delivered_to(to: str, **values: Any) -> bytes:
    """Forwarded by a server: only the envelope still names our address."""
    return f"Delivered-To: {to}\r\n".encode() + mail("list@example.net", **values)


WAYS: list[Callable[[str], bytes]] = [
    lambda to: mail(to, subject="unsubscribe"),
    lambda to: mail(to, subject="Unsubscribe", text="unsubscribe"),
    lambda to: mail(to),
    lambda to: mail(to, text="Please take me off this list."),
    lambda to: mail(to, subject="désabonnement", text="Merci de me désinscrire."),
    lambda to: mail(to, html="<p>unsubscribe</p>"),
    lambda to: mail(to, subject="Fwd: An offer", text="> Hello", html="<blockquote>Hello</blockquote>"),
    lambda to: mail(to, subject="Re: An offer", text="STOP"),
    lambda to: mail(to.upper(), subject="unsubscribe"),
    lambda to: mail(f"Unsubscribe <{to}>", subject="unsubscribe"),
    lambda to: mail(f"other@example.net, {to}", subject="unsubscribe"),
    lambda to: mail(to, sender="another.address@elsewhere.example", subject="unsubscribe"),
    lambda to: mail(to, sender='"Ann, Smith" <ann@example.net>', subject="remove"),
    lambda to: delivered_to(to, subject="unsubscribe"),
    lambda to: delivered_to(to, subject="Fwd: unsubscribe", html="<b>please</b>"),
    lambda to: mail(to, subject="退订"),
    lambda to: mail(to, subject="unsubscribe", text="x" * 20_000),
    lambda to: b"To: " + to.encode() + b"\r\n\r\n",
    lambda to: b"to:" + to.encode() + b"\nsubject:unsubscribe\n\nstop\n",
    lambda to: mail(to, subject="unsubscribe", text="--\nSent from my phone"),
]


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


def test_d07_twenty_mails_unsubscribe_the_twenty_that_their_tokens_name(now: datetime, tmp_path: Path) -> None:
    delivery = make_sent(now, people=len(WAYS) + 2)
    rows = messages_of(delivery)
    asked = rows[: len(WAYS)]
    raw = [way(unsubscription_address(row.pk, DOMAIN)) for way, row in zip(WAYS, asked, strict=True)]

    drained = read_box(make_box(tmp_path / "box", raw), now)

    assert len(WAYS) == 20
    left = set(Recipient.objects.filter(denylist_email=True).values_list("pk", flat=True))
    assert {row.recipient_id for row in asked} - left == set()
    assert left == {row.recipient_id for row in asked}
    assert drained.outcomes == {"applied": 20}


def test_d07_a_forged_address_unsubscribes_nobody(now: datetime, tmp_path: Path) -> None:
    row = messages_of(make_sent(now))[0]
    good = unsubscription_address(row.pk, DOMAIN)
    forged = [
        mail(f"u+{row.pk}@{DOMAIN}"),
        mail(_with_another_digit(good)),
        mail("u+@example.com", subject="unsubscribe"),
    ]

    assert read_box(make_box(tmp_path / "box", forged), now).outcomes == {"no_token": 3}
    assert not Recipient.objects.filter(denylist_email=True).exists()


def _with_another_digit(address: str) -> str:
    last = address.index("@") - 1
    return address[:last] + ("1" if address[last] == "0" else "0") + address[last + 1 :]
