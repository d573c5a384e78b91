"""Received and failed, as the filter language sees them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from deliveries.models import Broadlog, Delivery, MessageStatus
from deliveries.proofs import send_proof
from recipients.filters import FilterContext, select
from recipients.models import Recipient
from tests.deliveries.factories import analyse, make_activity, make_delivery, run_once
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db


def chosen(document: dict[str, Any], now: datetime) -> set[Recipient]:
    return set(select(document, FilterContext(instant=now, zone=ZoneInfo("UTC"))))


def settle(person: Recipient, status: MessageStatus) -> None:
    Broadlog.objects.filter(recipient=person).update(status=status)


def test_received_is_what_was_handed_over(now: datetime) -> None:
    people = make_recipients(5)
    delivery = make_delivery(now)
    analyse(delivery, now=now)
    handed_over = [MessageStatus.SENT, MessageStatus.TAKEN_INTO_ACCOUNT, MessageStatus.RECEIVED_ON_MOBILE]
    for person, status in zip(people, [*handed_over, MessageStatus.FAILED], strict=False):
        settle(person, status)

    assert chosen({"delivery": "received"}, now) == set(people[:3])
    assert chosen({"delivery": "failed"}, now) == {people[3]}


def test_a_criterion_may_name_a_delivery_a_series_or_an_operation(now: datetime) -> None:
    first, second = make_recipients(2)
    occurrence = run_once(make_activity("recurring_delivery"), [first], now=now)
    other = make_delivery(now)
    analyse(other, now=now)
    Broadlog.objects.filter(delivery=occurrence).update(status=MessageStatus.SENT)
    Broadlog.objects.filter(delivery=other, recipient=second).update(status=MessageStatus.SENT)

    for of in (
        {"delivery": occurrence.pk},
        {"series": occurrence.series_id},
        {"operation": occurrence.operation_id},
    ):
        assert chosen({"delivery": "received", "of": of}, now) == {first}
    assert chosen({"delivery": "received"}, now) == {first, second}


def test_a_criterion_may_be_limited_to_the_last_days(now: datetime) -> None:
    person = make_recipient()
    analyse(make_delivery(now), now=now)
    settle(person, MessageStatus.SENT)

    assert chosen({"delivery": "received", "days": 3}, now + timedelta(days=2)) == {person}
    assert chosen({"delivery": "received", "days": 3}, now + timedelta(days=4)) == set()


def test_proofs_do_not_count(now: datetime) -> None:
    person = make_recipient()
    send_proof(make_delivery(now), now=now, recipients=[person.pk])
    settle(person, MessageStatus.SENT)

    assert Delivery.objects.filter(kind="proof").exists()
    assert chosen({"delivery": "received"}, now) == set()
