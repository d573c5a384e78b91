"""S29: bounces that nobody's mail server wrote can't put a victim into quarantine."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deliveries.channels.email.addresses import bounce_address, message_id, unsubscription_address
from deliveries.inbound.applying import apply_mails
from deliveries.models import MessageStatus
from deliveries.models.inbound import InboundMail
from recipients.models import Quarantine
from tests.deliveries.inbound.boxes import make_box, read_box
from tests.deliveries.inbound.mails import (
    DOMAIN,
    bounce,
    counters_agree,
    dsn,
    in_quarantine,
    mails,
    make_sent,
    messages_of,
    statuses,
)

pytestmark = pytest.mark.django_db
FORGED = 1000
SENT, FAILED = MessageStatus.SENT, MessageStatus.FAILED


def without_a_valid_token(victim: Any, chance: random.Random) -> list[str]:
    """No token, somebody else's, one of another purpose, one with a letter changed."""
    good = bounce_address(victim.pk, DOMAIN)
    place = chance.randrange(2, good.index("@"))
    changed = good[:place] + ("0" if good[place] != "0" else "1") + good[place + 1 :]
    return [
        "",
        "bounces@example.com",
        f"b+{chance.randrange(16**58):058x}@{DOMAIN}",
        unsubscription_address(victim.pk, DOMAIN),
        message_id(victim.pk, DOMAIN).strip("<>"),
        f"b+{victim.pk}@{DOMAIN}",
        changed,
    ]


def test_s29_a_thousand_bounces_without_a_valid_token_change_nothing(
    now: datetime, tmp_path: Path, settings: Any
) -> None:
    settings.VAR_DIR = tmp_path
    delivery = make_sent(now, people=20)
    rows, chance = messages_of(delivery), random.Random(29)
    raw = []
    for number in range(FORGED):
        victim = rows[number % len(rows)]
        to = chance.choice([value for index, value in enumerate(without_a_valid_token(victim, chance)) if index != 4])
        raw.append(dsn(victim, to=to, mark=str(number)))

    drained = read_box(make_box(tmp_path / "box", raw), now)

    assert drained.outcomes == {"no_token": FORGED}
    assert set(statuses(delivery)) == {SENT}
    assert not Quarantine.objects.exists()
    assert counters_agree(delivery)


def test_s29_a_token_of_one_message_that_names_another_address_changes_its_own_only(now: datetime) -> None:
    delivery = make_sent(now)
    attacker, victim, other = messages_of(delivery)

    apply_mails(mails(bounce(attacker, address=victim.address)), now=now)

    assert statuses(delivery) == [FAILED, SENT, SENT]
    assert in_quarantine() == {attacker.address: "quarantined"}
    assert InboundMail.objects.get().address == attacker.address
    assert other.address not in in_quarantine()


def test_s29_one_mail_changes_one_message_however_many_tokens_it_holds(now: datetime) -> None:
    delivery = make_sent(now)
    rows = messages_of(delivery)
    tokens = tuple(bounce_address(row.pk, DOMAIN) for row in rows)

    apply_mails(mails(bounce(rows[0], tokens=tokens)), now=now)

    assert statuses(delivery) == [FAILED, SENT, SENT]


def test_s29_a_token_whose_time_is_over_changes_nothing(now: datetime) -> None:
    delivery = make_sent(now)

    apply_mails(mails(*(bounce(row) for row in messages_of(delivery))), now=now + timedelta(days=40))

    assert set(statuses(delivery)) == {SENT}
    assert not Quarantine.objects.exists()


def test_s29_a_token_signed_with_another_key_changes_nothing(now: datetime, settings: Any) -> None:
    delivery = make_sent(now)
    key, settings.SECRET_KEY = settings.SECRET_KEY, "somebody else's key"
    forged = [bounce(row) for row in messages_of(delivery)]
    settings.SECRET_KEY = key

    assert apply_mails(mails(*forged), now=now) == {"no_token": 3}
    assert not Quarantine.objects.exists()
