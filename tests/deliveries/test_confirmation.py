"""Confirming: what was analysed leaves, and only that."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from deliveries.confirmation import AnalysisVoid, NothingToConfirm, confirm
from deliveries.models import (
    Affinity,
    Delivery,
    DeliveryPart,
    DeliveryState,
    PartState,
    Preparation,
    PreparationState,
    Route,
)
from tests.deliveries.factories import analyse, make_activity, make_delivery, run_once
from tests.factories import make_recipients

pytestmark = pytest.mark.django_db


def prepared(now: datetime) -> Delivery:
    make_recipients(2)
    delivery = make_delivery(now)
    analyse(delivery, now=now)
    return delivery


def test_a_confirmation_releases_the_parts(now: datetime) -> None:
    delivery = confirm(prepared(now), now=now)

    assert (delivery.state, delivery.confirmed_at) == (DeliveryState.START_PENDING, now)
    assert delivery.valid_until == now + timedelta(days=5)
    assert list(DeliveryPart.objects.values_list("state", "due_at")) == [(PartState.DUE, now)]
    assert Preparation.objects.get().state == PreparationState.CONFIRMED


def test_a_contact_date_holds_the_parts_until_then(now: datetime) -> None:
    tomorrow = now + timedelta(days=1)

    delivery = confirm(prepared(now), now=now, contact_date=tomorrow)

    assert (delivery.contact_date, delivery.valid_until) == (tomorrow, tomorrow + timedelta(days=5))
    assert DeliveryPart.objects.get().due_at == tomorrow


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Another"},
        {"html": "<p>Another</p>"},
        {"tracking_enabled": False},
        {"target": {"not": {"everyone": True}}},
        {"validity_days": 9},
        {"keep_ignored": False},
        {"in_doubt_policy": "resend"},
    ],
)
def test_a_change_after_the_analysis_voids_it(now: datetime, change: dict[str, Any]) -> None:
    delivery = prepared(now)
    Delivery.objects.update(**change)

    with pytest.raises(AnalysisVoid, match="prepare it again"):
        confirm(delivery, now=now)

    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.READY
    assert DeliveryPart.objects.get().state == PartState.HELD


def test_affinity_route_priority_and_contact_date_may_change(now: datetime) -> None:
    delivery = prepared(now)
    route = Route.objects.create(label="Relay", url="smtp://relay.example.com")
    affinity = Affinity.objects.create(name="newsletters")
    Delivery.objects.update(route=route, affinity=affinity, priority=20, contact_date=now + timedelta(hours=1))

    assert confirm(delivery, now=now).state == DeliveryState.START_PENDING
    assert DeliveryPart.objects.get().due_at == now + timedelta(hours=1)


def test_what_is_not_prepared_can_not_be_confirmed(now: datetime) -> None:
    with pytest.raises(NothingToConfirm, match="Being edited"):
        confirm(make_delivery(now), now=now)


def test_a_confirmation_happens_once(now: datetime) -> None:
    delivery = confirm(prepared(now), now=now)

    with pytest.raises(NothingToConfirm):
        confirm(delivery, now=now)


def test_a_delivery_to_nobody_can_be_confirmed(now: datetime) -> None:
    delivery = make_delivery(now)
    analyse(delivery, now=now)

    assert confirm(delivery, now=now).state == DeliveryState.START_PENDING


def test_a_finished_continuous_delivery_starts_again(now: datetime) -> None:
    first, second = make_recipients(2)
    activity = make_activity("continuous_delivery")
    delivery = run_once(activity, [first], now=now)
    Delivery.objects.update(state=DeliveryState.FINISHED, ended_at=now)
    later = now + timedelta(days=30)

    run_once(activity, [second], now=later)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.ended_at) == (DeliveryState.START_PENDING, None)
    assert delivery.valid_until == later + timedelta(days=5)


def test_a_continuous_delivery_being_sent_keeps_its_state_and_is_prolonged(now: datetime) -> None:
    first, second = make_recipients(2)
    activity = make_activity("continuous_delivery")
    delivery = run_once(activity, [first], now=now)
    Delivery.objects.update(state=DeliveryState.IN_PROGRESS)
    later = now + timedelta(days=1)

    run_once(activity, [second], now=later)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.valid_until) == (DeliveryState.IN_PROGRESS, later + timedelta(days=5))
    assert set(DeliveryPart.objects.values_list("state", flat=True)) == {PartState.DUE}


def test_each_analysis_of_a_continuous_delivery_is_confirmed_with_its_own_content(now: datetime) -> None:
    people = make_recipients(2)
    activity = make_activity("continuous_delivery", action="prepare")
    delivery = run_once(activity, people[:1], now=now)
    template = delivery.template
    assert template is not None
    template.subject = "Edited"
    template.save()
    run_once(activity, people[1:], now=now + timedelta(hours=1))

    confirm(delivery, now=now + timedelta(hours=2))

    subjects = Preparation.objects.order_by("number").values_list("state", "content_version__subject")
    assert list(subjects) == [
        (PreparationState.CONFIRMED, "Happy birthday {{ recipient.first_name }}"),
        (PreparationState.CONFIRMED, "Edited"),
    ]
