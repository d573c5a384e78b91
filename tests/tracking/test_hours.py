"""Reactions by hour: every message once in each column, so that running totals are numbers of messages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deliveries.models import Broadlog, Delivery
from deliveries.recompute import recompute
from tests.factories import make_recipients
from tests.tracking.factories import CRAWLER, NOW, make_hit, make_message
from tracking.consolidation import consolidate, recompute_indicators
from tracking.models import DeliveryHour, HitKind

pytestmark = pytest.mark.django_db
PROXY = "Mozilla/5.0 (Windows NT 5.1) Firefox/11.0 (via ggpht.com GoogleImageProxy)"
COLUMNS = ("hour", "human_opens", "proxy_opens", "machine_opens", "clicks", "people")


@pytest.fixture
def messages() -> list[Broadlog]:
    ada, bob, cleo = make_recipients(3)
    first = make_message(ada)
    Delivery.objects.filter(pk=first.delivery_id).update(contact_date=NOW)
    return [first, make_message(bob, first.delivery), make_message(cleo, first.delivery)]


def hours(delivery_id: int) -> list[tuple[int, ...]]:
    return list(DeliveryHour.objects.filter(delivery_id=delivery_id).order_by("hour").values_list(*COLUMNS))


def test_a_message_counts_in_the_hour_of_its_first_reaction_and_never_again(messages: list[Broadlog]) -> None:
    ada, bob, _cleo = messages
    make_hit(ada, now=NOW + timedelta(minutes=59, seconds=59))
    make_hit(ada, now=NOW + timedelta(hours=5))
    make_hit(ada, HitKind.CLICK, now=NOW + timedelta(hours=1))
    make_hit(bob, now=NOW + timedelta(hours=1))

    consolidate(ada.delivery_id)

    assert hours(ada.delivery_id) == [(0, 1, 0, 0, 0, 1), (1, 1, 0, 0, 1, 1)]


def test_machines_and_image_proxies_are_told_from_people(messages: list[Broadlog]) -> None:
    ada, bob, cleo = messages
    make_hit(ada, user_agent=CRAWLER)
    make_hit(bob, user_agent=PROXY)
    make_hit(cleo, user_agent=CRAWLER)
    make_hit(cleo, now=NOW + timedelta(hours=2))

    consolidate(ada.delivery_id)

    assert hours(ada.delivery_id) == [(0, 1, 1, 1, 0, 3), (2, 1, 0, 0, 0, 0)]


def test_hits_before_the_contact_and_long_after_it_have_a_row_too(messages: list[Broadlog]) -> None:
    ada, bob, _cleo = messages
    make_hit(ada, now=NOW - timedelta(hours=3))
    make_hit(bob, now=NOW + timedelta(days=90))

    consolidate(ada.delivery_id)

    assert [row[:2] for row in hours(ada.delivery_id)] == [(0, 1), (DeliveryHour.LAST, 1)]


def test_the_columns_add_up_to_the_counters_of_the_delivery(messages: list[Broadlog]) -> None:
    ada, bob, cleo = messages
    for hour, message in enumerate(messages):
        make_hit(message, now=NOW + timedelta(hours=hour))
    make_hit(bob, HitKind.CLICK, now=NOW + timedelta(hours=9))
    make_hit(cleo, HitKind.CLICK, user_agent=CRAWLER)

    consolidate(ada.delivery_id)

    delivery = Delivery.objects.get(pk=ada.delivery_id)
    totals = [sum(column) for column in zip(*hours(ada.delivery_id), strict=True)]
    assert (totals[1], totals[4]) == (delivery.opened, delivery.clicked) == (3, 1)


def test_computing_again_changes_nothing_and_follows_a_later_contact_date(messages: list[Broadlog]) -> None:
    ada = messages[0]
    make_hit(ada, now=NOW + timedelta(hours=4))
    recompute_indicators(ada.delivery_id, now=NOW)
    recompute_indicators(ada.delivery_id, now=NOW)
    assert hours(ada.delivery_id) == [(4, 1, 0, 0, 0, 1)]

    Delivery.objects.filter(pk=ada.delivery_id).update(contact_date=NOW + timedelta(hours=3), state=95)
    recompute(Delivery.objects.get(pk=ada.delivery_id), now=NOW)

    assert hours(ada.delivery_id) == [(1, 1, 0, 0, 0, 1)]
