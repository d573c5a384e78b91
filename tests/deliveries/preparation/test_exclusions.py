"""Who is dropped, and for which one reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from deliveries.counters import count_rows
from deliveries.models import Broadlog, DeliveryPart, DeliveryState, PreparationState
from recipients.models import Quarantine, Recipient, RecipientList, RecipientListMember
from recipients.vocabulary import FailureType
from tests.deliveries.factories import analyse, make_delivery, quarantine, reasons
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2025-10-06T04:00:00+00:00")


def test_everybody_gets_one_row_with_one_reason(now: datetime) -> None:
    quarantine("full@example.com")
    quarantine("complained@example.com", Quarantine.Status.DENYLISTED)
    people = {
        "address_not_specified": make_recipient(email="   "),
        "bad_quality": make_recipient(email="nobody at example"),
        "denylisted": make_recipient(email="out@example.com", denylist_email=True),
        "quarantined": make_recipient(email="Full@Example.com"),
        "pending": make_recipient(email="ada@example.com"),
        "double": make_recipient(email="ADA@example.com"),
    }
    complained = make_recipient(email="complained@example.com")
    left = make_recipient(email="left@example.com", denylist_all=True)
    delivery = make_delivery(now)

    preparation = analyse(delivery, now=now)

    expected = {person.pk: reason for reason, person in people.items()}
    assert reasons(delivery) == {**expected, complained.pk: "denylisted", left.pk: "denylisted"}
    assert preparation.ignored_counts == {
        "address_not_specified": 1,
        "denylisted": 3,
        "quarantined": 1,
        "double": 1,
        "bad_quality": 1,
    }
    assert (preparation.targeted, preparation.ignored, preparation.to_deliver) == (8, 7, 1)


def test_of_several_reasons_the_first_in_the_fixed_order_wins(now: datetime) -> None:
    for address in ("", "not an address", "both@example.com"):
        quarantine(address)
    silent = make_recipient(email="", denylist_all=True)
    odd = make_recipient(email="not an address", denylist_email=True)
    both = make_recipient(email="both@example.com", denylist_email=True)
    again = make_recipient(email="BOTH@example.com")
    delivery = make_delivery(now)

    analyse(delivery, now=now)

    assert reasons(delivery) == {
        silent.pk: "address_not_specified",
        odd.pk: "bad_quality",
        both.pk: "denylisted",
        again.pk: "quarantined",
    }


def test_the_first_eligible_person_keeps_a_shared_address(now: datetime) -> None:
    refused = make_recipient(email="home@example.com", denylist_email=True)
    first = make_recipient(email="Home@example.com")
    second = make_recipient(email=" home@EXAMPLE.com ")
    delivery = make_delivery(now)

    analyse(delivery, now=now)

    assert reasons(delivery) == {refused.pk: "denylisted", first.pk: "pending", second.pk: "double"}


def test_addresses_are_stored_trimmed_and_with_their_case(now: datetime) -> None:
    make_recipient(email=" Ada@Example.com ")
    delivery = make_delivery(now)

    analyse(delivery, now=now)

    assert list(Broadlog.objects.values_list("address", flat=True)) == ["Ada@Example.com"]


def test_an_ignored_row_carries_the_failure_type_of_its_reason(now: datetime) -> None:
    make_recipient(1)
    make_recipient(email="")
    make_recipient(email="PERSON1@example.com")
    delivery = make_delivery(now)

    analyse(delivery, now=now)

    types = Broadlog.objects.order_by("recipient").values_list("failure_type", flat=True)
    assert list(types) == [None, FailureType.HARD, FailureType.IGNORED]


@pytest.mark.parametrize(
    "status", [Quarantine.Status.VALID, Quarantine.Status.WITH_ERRORS, Quarantine.Status.ALLOWLISTED]
)
def test_an_address_with_another_state_is_not_dropped(now: datetime, status: Quarantine.Status) -> None:
    make_recipient(1)
    quarantine("person1@example.com", status)

    assert analyse(make_delivery(now), now=now).to_deliver == 1


def test_the_quarantine_of_another_channel_does_not_matter(now: datetime) -> None:
    make_recipient(1)
    Quarantine.objects.create(channel="sms", address="person1@example.com", status=Quarantine.Status.QUARANTINED)

    assert analyse(make_delivery(now), now=now).to_deliver == 1


def test_rows_are_written_in_the_order_of_the_people(now: datetime) -> None:
    people = make_recipients(30)
    analyse(make_delivery(now), now=now)

    assert list(Broadlog.objects.order_by("pk").values_list("recipient", flat=True)) == [p.pk for p in people]


def test_counters_equal_the_rows(now: datetime) -> None:
    make_recipients(5)
    make_recipient(email="")
    delivery = make_delivery(now)

    analyse(delivery, now=now)

    counts = count_rows(delivery.pk)
    assert {name: getattr(delivery, name) for name in counts} == counts
    assert (delivery.targeted, delivery.ignored, delivery.pending) == (6, 1, 5)


def test_without_rows_for_the_ignored_their_number_stays(now: datetime) -> None:
    make_recipients(3)
    make_recipient(email="")
    make_recipient(email="PERSON2@example.com")
    delivery = make_delivery(now, keep_ignored=False)

    preparation = analyse(delivery, now=now)

    assert Broadlog.objects.count() == delivery.targeted == delivery.pending == 3
    assert preparation.ignored_counts == {"address_not_specified": 1, "double": 1}
    assert (preparation.targeted, preparation.ignored, preparation.to_deliver) == (5, 2, 3)


def test_a_list_is_a_target(now: datetime) -> None:
    chosen, _other = make_recipients(2)
    members = RecipientList.objects.create(label="VIP")
    RecipientListMember.objects.create(recipient_list=members, recipient=chosen)
    delivery = make_delivery(now, target={"list": members.pk})

    analyse(delivery, now=now)

    assert reasons(delivery) == {chosen.pk: "pending"}


def test_a_filter_is_a_target(now: datetime) -> None:
    french = make_recipient(1, country_code="FR")
    make_recipient(2)
    delivery = make_delivery(now, target={"field": "country_code", "op": "equals", "value": "FR"})

    analyse(delivery, now=now)

    assert reasons(delivery) == {french.pk: "pending"}


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (None, "no target"),
        ({"list": 99}, "no recipient list 99"),
        ({"field": "shoe_size", "op": "equals"}, "shoe_size"),
    ],
)
def test_a_target_that_is_none_fails_with_a_reason(now: datetime, target: Any, words: str) -> None:
    delivery = make_delivery(now, target=target)

    preparation = analyse(delivery, now=now)

    assert preparation.state == PreparationState.FAILED
    assert delivery.state == DeliveryState.PREPARATION_FAILED
    assert words in delivery.error


def test_nobody_to_send_to_is_a_warning(now: datetime) -> None:
    delivery = make_delivery(now)

    preparation = analyse(delivery, now=now)

    assert (delivery.state, preparation.to_deliver) == (DeliveryState.READY, 0)
    assert "Nobody is left" in preparation.log.get(level="warning").message


def test_three_or_three_hundred_people_cost_the_same_queries(now: datetime) -> None:
    make_recipients(3)
    few = _queries(now)
    for number in range(4, 301):
        make_recipient(number)

    assert _queries(now) == few
    assert DeliveryPart.objects.count() == 2


def test_parts_hold_a_thousand_consecutive_pending_rows(now: datetime) -> None:
    Recipient.objects.bulk_create(Recipient(email=f"p{number}@example.com") for number in range(2001))
    make_recipient(email="")
    delivery = make_delivery(now)

    analyse(delivery, now=now)

    parts = DeliveryPart.objects.order_by("first_id")
    assert [part.size for part in parts] == [1000, 1000, 1]
    for part in parts:
        rows = Broadlog.objects.filter(delivery=delivery, status=6, pk__range=(part.first_id, part.last_id))
        assert rows.count() == part.size


def _queries(now: datetime) -> int:
    delivery = make_delivery(now)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        analyse(delivery, now=now)
    return len(captured)


ADDRESSES = st.sampled_from(
    [
        "",
        " ",
        "a@example.com",
        "A@example.com",
        " a@EXAMPLE.com",
        "b@example.com",
        "c@example.com",
        "no",
        "b@b",
        "é@x.fr",
    ]
)
PEOPLE = st.lists(
    st.fixed_dictionaries({"email": ADDRESSES, "denylist_email": st.booleans(), "denylist_all": st.booleans()}),
    max_size=12,
)
BLOCKED = st.dictionaries(
    st.sampled_from(["a@example.com", "b@example.com", "c@example.com"]), st.sampled_from(list(Quarantine.Status))
)


class ExclusionProperty(TestCase):
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(people=PEOPLE, blocked=BLOCKED)
    def test_the_statement_equals_a_plain_evaluation(
        self, people: list[dict[str, Any]], blocked: dict[str, Any]
    ) -> None:
        for address, status in blocked.items():
            quarantine(address, status)
        rows = [Recipient.objects.create(**person) for person in people]
        delivery = make_delivery(NOW)

        analyse(delivery, now=NOW + timedelta(seconds=1))

        assert reasons(delivery) == evaluate(rows, blocked)


def evaluate(people: list[Recipient], blocked: dict[str, Any]) -> dict[int, str]:
    """The rules in plain Python, one person after the other."""
    taken: set[str] = set()
    result = {}
    for person in people:
        key = person.email.strip().lower()
        if not key:
            reason = "address_not_specified"
        elif key in ("no", "b@b"):
            reason = "bad_quality"
        elif person.denylist_all or person.denylist_email or blocked.get(key) == Quarantine.Status.DENYLISTED:
            reason = "denylisted"
        elif blocked.get(key) == Quarantine.Status.QUARANTINED:
            reason = "quarantined"
        elif key in taken:
            reason = "double"
        else:
            reason = "pending"
            taken.add(key)
        result[person.pk] = reason
    return result
