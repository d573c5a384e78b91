"""People reached, each counted once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from deliveries.models import Broadlog, Delivery, MessageStatus, OperationReach
from deliveries.reach import PAUSE, count_new_people_due, count_reach_due
from tests.deliveries.factories import make_activity, run_once
from tests.factories import make_recipients

pytestmark = pytest.mark.django_db


def make_series(now: datetime) -> list[Delivery]:
    """Three occurrences: to one and two, to two and three, to one, two and three; the messages have left."""
    activity = make_activity("recurring_delivery")
    people = make_recipients(3)
    targets = [people[:2], people[1:], people]
    made = [run_once(activity, target, now=now + timedelta(days=n)) for n, target in enumerate(targets)]
    Broadlog.objects.update(status=MessageStatus.SENT)
    Delivery.objects.update(state=95, started_at=now, ended_at=now)
    return made


def test_each_occurrence_counts_whom_none_before_it_had_reached(now: datetime) -> None:
    make_series(now)

    assert count_new_people_due(now) == 3

    assert list(Delivery.objects.order_by("occurrence").values_list("new_people", flat=True)) == [2, 1, 0]
    assert count_new_people_due(now) == 0


def test_a_message_that_failed_reached_nobody(now: datetime) -> None:
    first, *_others = make_series(now)
    Broadlog.objects.filter(delivery=first).update(status=MessageStatus.FAILED)

    count_new_people_due(now)

    assert list(Delivery.objects.order_by("occurrence").values_list("new_people", flat=True)) == [0, 2, 1]


def test_an_occurrence_at_work_is_counted_when_it_is_over(now: datetime) -> None:
    make_series(now)
    Delivery.objects.filter(occurrence=3).update(state=55)

    assert count_new_people_due(now) == 2


def test_an_operation_counts_each_person_once_and_again_when_it_has_sent_since(now: datetime) -> None:
    make_series(now)

    assert count_reach_due(now) == 1
    assert OperationReach.objects.get().people == 3
    assert count_reach_due(now) == 0
    Delivery.objects.update(ended_at=now + timedelta(minutes=1))
    assert count_reach_due(now + PAUSE / 2) == 0
    assert count_reach_due(now + PAUSE) == 1
