"""D08: the analysis knows which mails fail DMARC, and lets no such delivery start."""

from __future__ import annotations

from datetime import datetime
from email.utils import parseaddr

import pytest
from django.utils import timezone

from common.errors import Refused
from deliveries.channels.email.mime import EmailRenderer
from deliveries.confirmation import confirm
from deliveries.content.versions import freeze
from deliveries.models import Delivery, DeliveryState
from tests.deliverability.identities import active_key, mails_return_to
from tests.deliverability.mails import parse
from tests.deliveries.content.factories import make_row
from tests.deliveries.factories import analyse, make_delivery
from tests.factories import make_recipient

pytestmark = pytest.mark.django_db
REFUSED, WARNED, FINE = "refused", "warned", "fine"
SENDERS = ("news@example.co.uk", "news@mail.example.co.uk")
# d= of the key that is there, domain of the envelope sender → what the analysis makes of it.
TABLE = {
    ("example.co.uk", "bounces.example.co.uk"): FINE,
    ("example.co.uk", "bounces.other.co.uk"): FINE,
    ("other.co.uk", "bounces.example.co.uk"): WARNED,
    ("other.co.uk", "bounces.other.co.uk"): REFUSED,
    # No key is here at all: the relay signs, but is it in the sender's name?
    ("", "bounces.example.co.uk"): FINE,
    ("", "bounces.other.co.uk"): WARNED,
}


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize(("signer", "envelope"), TABLE)
def test_d08_each_combination_is_judged(sender: str, signer: str, envelope: str, now: datetime) -> None:
    delivery = prepared(now, sender, signer, envelope)

    outcome = TABLE[signer, envelope]
    assert (delivery.state == DeliveryState.PREPARATION_FAILED) == (outcome == REFUSED)
    assert ("DMARC" in delivery.error and "DKIM key of" in delivery.error) == (outcome == REFUSED)
    log = delivery.preparations.get().log
    assert log.filter(level="warning", message__contains="No DKIM key signs").exists() == (outcome == WARNED)


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize(("signer", "envelope"), TABLE)
def test_d08_the_mails_bear_the_identities_that_were_judged(
    sender: str, signer: str, envelope: str, now: datetime
) -> None:
    delivery = prepared(now, sender, signer, envelope)
    message = EmailRenderer(delivery, freeze(delivery)).render(make_row())

    signature, parsed = b"DKIM-Signature" in message.content, parse(message.content)
    assert signature == (signer == "example.co.uk")
    assert not signature or f"d={signer};" in "".join(str(parsed["DKIM-Signature"]).split())
    assert message.sender.endswith(f"@{envelope}") and parseaddr(parsed["From"])[1] == sender


def test_d08_an_unaligned_delivery_cannot_be_started(now: datetime) -> None:
    delivery = prepared(now, SENDERS[0], "other.co.uk", "bounces.other.co.uk")

    with pytest.raises(Refused):
        confirm(delivery, now=now)

    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.PREPARATION_FAILED


@pytest.mark.parametrize("sender", ["someone@gmail.com", "someone@Yahoo.co.uk", "someone@mail.orange.fr"])
def test_d08_a_freemail_sender_is_refused_and_told_what_to_do(sender: str, now: datetime) -> None:
    delivery = prepared(now, sender, "", "bounces.example.co.uk")

    assert delivery.state == DeliveryState.PREPARATION_FAILED
    assert "a domain of your own" in delivery.error


def prepared(now: datetime, sender: str, signer: str, envelope: str) -> Delivery:
    """A delivery whose analysis has run."""
    if signer:
        active_key(signer)
    mails_return_to(envelope)
    make_recipient()
    delivery = make_delivery(now, from_email=sender)
    analyse(delivery, now=now)
    delivery.refresh_from_db()
    return delivery
