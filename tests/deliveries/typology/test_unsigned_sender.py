"""D08: mails that leave here without a signature of their sender."""

from __future__ import annotations

from datetime import datetime

import pytest

from deliveries.models import Route
from tests.deliverability.identities import active_key, mails_return_to
from tests.deliveries.typology.cases import faults

pytestmark = pytest.mark.django_db


def test_where_nothing_is_signed_here_the_relay_does_it(now: datetime) -> None:
    assert faults("unsigned_sender", now, from_email="news@shop.example") == []


def test_a_sender_that_was_forgotten_among_the_keys_is_told(now: datetime) -> None:
    active_key("brand.example")

    (sentence,) = faults("unsigned_sender", now, from_email="news@Mail.Shop.example")

    assert "mail.shop.example" in sentence and "DKIM" in sentence


def test_a_return_address_elsewhere_leaves_everything_to_the_relays_signature(now: datetime) -> None:
    mails_return_to("bounces.other.example")

    assert faults("unsigned_sender", now, from_email="news@shop.example")


def test_what_leaves_directly_is_signed_here_or_nowhere(now: datetime) -> None:
    Route.objects.create(label="Direct", internal_name="direct", url="mx:", is_default=True)

    assert faults("unsigned_sender", now, from_email="news@shop.example")


def test_a_key_of_the_domain_or_of_a_parent_leaves_nothing_to_say(now: datetime) -> None:
    active_key("shop.example")
    active_key("brand.example")
    mails_return_to("bounces.other.example")

    assert faults("unsigned_sender", now, from_email="news@shop.example") == []
    assert faults("unsigned_sender", now, from_email="news@mail.shop.example") == []


def test_what_is_refused_already_is_not_said_twice(now: datetime) -> None:
    active_key("brand.example")
    mails_return_to("bounces.other.example")

    assert faults("unsigned_sender", now, from_email="news@shop.example") == []
    assert faults("unsigned_sender", now, from_email="") == []
