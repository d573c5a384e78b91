"""A large target is judged in another way than a small one, with the same outcome."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from deliveries.models import Broadlog, DeliveryPart, MessageStatus
from deliveries.preparation import screening
from recipients.models import Quarantine, Recipient
from tests.deliveries.factories import analyse, make_activity, make_delivery, quarantine, reasons, run_once
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2025-10-06T04:00:00+00:00")
FRENCH = {"field": "country_code", "op": "equals", "value": "FR"}
KEYS = ["a@example.com", "b@example.com", "é@x.fr"]
SPELLINGS = st.sampled_from(
    ["", "  ", "no", "b@b", "a@example.com", "A@Example.com", "  a@EXAMPLE.com ", "b@example.com", "é@x.fr", " é@X.fr"]
)
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "email": SPELLINGS,
            "denylist_email": st.booleans(),
            "denylist_all": st.sampled_from([False, False, True]),
            "country_code": st.sampled_from(["FR", "FR", "GB"]),
        }
    ),
    max_size=14,
)
BLOCKED = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(list(Quarantine.Status)))


class VerdictProperty(TestCase):
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(people=PEOPLE, blocked=BLOCKED, large=st.booleans(), kept=st.booleans())
    def test_either_way_equals_a_plain_evaluation(
        self, people: list[dict[str, Any]], blocked: dict[str, Any], large: bool, kept: bool
    ) -> None:
        for address, status in blocked.items():
            quarantine(address, status)
        rows = [Recipient.objects.create(**person) for person in people]
        delivery = make_delivery(NOW, target=FRENCH, keep_ignored=kept)
        with patch.object(screening, "_is_large", lambda target: large):
            preparation = analyse(delivery, now=NOW + timedelta(seconds=1))

        verdicts = evaluate([row for row in rows if row.country_code == "FR"], blocked)

        found = {number: reason for number, reason in verdicts.items() if kept or reason == "pending"}
        assert reasons(delivery) == found
        named = list(verdicts.values())
        counts = {reason: named.count(reason) for reason in set(named) - {"pending"}}
        assert (preparation.targeted, preparation.ignored_counts) == (len(verdicts), counts)
        assert preparation.to_deliver == sum(DeliveryPart.objects.values_list("size", flat=True))


def evaluate(people: list[Recipient], blocked: dict[str, Any]) -> dict[int, str]:
    """The rules in plain Python, one person after the other."""
    taken: set[str] = set()
    result = {}
    for person in people:
        key = person.email.strip(" ").lower()
        denied = person.denylist_all or person.denylist_email or blocked.get(key) == Quarantine.Status.DENYLISTED
        if not key:
            reason = "address_not_specified"
        elif key in ("no", "b@b"):
            reason = "bad_quality"
        elif denied:
            reason = "denylisted"
        elif blocked.get(key) == Quarantine.Status.QUARANTINED:
            reason = "quarantined"
        else:
            reason = "double" if key in taken else "pending"
            taken.add(key)
        result[person.pk] = reason
    return result


@pytest.mark.parametrize("large", [True, False])
def test_who_is_outside_of_the_target_takes_no_address(now: datetime, large: bool) -> None:
    make_recipient(email="home@example.com", country_code="GB")
    chosen = make_recipient(email="Home@example.com", country_code="FR")
    delivery = make_delivery(now, target=FRENCH)

    with patch.object(screening, "_is_large", lambda target: large):
        analyse(delivery, now=now)

    assert reasons(delivery) == {chosen.pk: "pending"}


@pytest.mark.skipif(connection.vendor == "sqlite", reason="every target is judged together on SQLite")
def test_a_target_is_large_by_its_part_of_all_people(now: datetime) -> None:
    people = make_recipients(2 * screening.LARGE_PART)
    newest = people[-1].pk
    few = Recipient.objects.filter(pk__lte=people[0].pk - 1 + newest // screening.LARGE_PART)
    most = Recipient.objects.filter(pk__gt=0)

    assert not screening._is_large(few)
    assert screening._is_large(most) is (len(people) > newest // screening.LARGE_PART)


def test_later_runs_of_a_continuous_delivery_write_to_no_address_twice(now: datetime) -> None:
    activity = make_activity("continuous_delivery")
    first = make_recipient(email="home@example.com")
    run_once(activity, [first], now=now)
    second = make_recipient(email=" HOME@example.com")

    delivery = run_once(activity, [first, second], now=now + timedelta(days=1))

    assert reasons(delivery) == {first.pk: "pending", second.pk: "double"}


@pytest.mark.parametrize("people", [2002, 1])
def test_parts_have_at_most_a_thousand_rows_and_all_that_wait(now: datetime, people: int) -> None:
    Recipient.objects.bulk_create(
        Recipient(email="" if number % 3 == 2 else f"p{number}@example.com") for number in range(people)
    )
    delivery = make_delivery(now)

    preparation = analyse(delivery, now=now)

    parts = list(DeliveryPart.objects.order_by("first_id"))
    assert len(parts) == (people + 999) // 1000
    waiting = Broadlog.objects.filter(delivery=delivery, status=MessageStatus.PENDING)
    for part in parts:
        assert waiting.filter(pk__range=(part.first_id, part.last_id)).count() == part.size <= 1000
    assert sum(part.size for part in parts) == preparation.to_deliver == waiting.count()


def test_rows_of_another_delivery_are_in_no_part_and_no_count(now: datetime) -> None:
    make_recipients(3)
    other = make_delivery(now)
    analyse(other, now=now)
    delivery = make_delivery(now)

    analyse(delivery, now=now)

    sizes = DeliveryPart.objects.order_by("pk").values_list("delivery", "size")
    assert list(sizes) == [(other.pk, 3), (delivery.pk, 3)]
    assert (delivery.targeted, delivery.pending) == (3, 3)


def test_parts_wait_for_the_contact_date(now: datetime) -> None:
    make_recipients(1)
    delivery = make_delivery(now)
    delivery.contact_date = now + timedelta(days=1)
    delivery.save()

    analyse(delivery, now=now)

    assert DeliveryPart.objects.get().due_at == now + timedelta(days=1)
