"""Making deliveries."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError

from deliveries.creation import continuous_delivery, create_delivery, create_occurrence
from deliveries.models import Delivery, DeliveryKind, DeliverySeries, DeliveryState
from deliveries.templates import COPIED_FIELDS
from operations.models import Operation
from tests.deliveries.factories import make_activity, make_task, make_template

pytestmark = pytest.mark.django_db


def test_a_delivery_copies_its_template(now: datetime) -> None:
    template = make_template(from_name="Grace", validity_days=2)
    operation = Operation.objects.create(label="Spring")

    delivery = create_delivery(template, now=now, label="Sale", operation=operation, target={"everyone": True})

    assert {name: getattr(delivery, name) for name in COPIED_FIELDS} == {
        name: getattr(template, name) for name in COPIED_FIELDS
    }
    assert (delivery.kind, delivery.state, delivery.label) == (DeliveryKind.ONE_OFF, DeliveryState.EDITED, "Sale")
    assert (delivery.operation, delivery.target, delivery.template) == (operation, {"everyone": True}, template)


def test_a_delivery_takes_the_label_of_its_template(now: datetime) -> None:
    assert create_delivery(make_template(label="News"), now=now).label == "News"


def test_occurrences_are_numbered_in_their_own_series(now: datetime) -> None:
    numbers = []
    for _series in range(2):
        activity = make_activity("recurring_delivery")
        for week in range(2):
            task = make_task(activity, scheduled_for=now + timedelta(weeks=week))
            made = create_occurrence(activity=activity, template=make_template(), task=task, label="x", now=now)
            numbers.append(made.occurrence)

    assert numbers == [1, 2, 1, 2]
    assert DeliverySeries.objects.count() == 2


def test_a_task_has_one_occurrence(now: datetime) -> None:
    activity = make_activity("recurring_delivery")
    task = make_task(activity, scheduled_for=now)

    made = [
        create_occurrence(activity=activity, template=make_template(), task=task, label="x", now=now).pk
        for _time in range(2)
    ]

    assert made[0] == made[1]


def test_the_database_refuses_a_second_live_continuous_delivery(now: datetime) -> None:
    activity = make_activity("continuous_delivery")
    task = make_task(activity, scheduled_for=now)
    continuous_delivery(activity=activity, template=make_template(), task=task, now=now)

    with pytest.raises(IntegrityError):
        Delivery.objects.create(label="Second", kind=DeliveryKind.CONTINUOUS, activity=activity)
