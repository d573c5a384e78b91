"""A continuous delivery is one delivery that grows."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from deliveries.counters import count_rows
from deliveries.models import (
    Broadlog,
    ContentVersion,
    Delivery,
    DeliveryKind,
    DeliveryState,
    DeliveryTemplate,
    MessageStatus,
    Preparation,
    PreparationState,
)
from deliveries.preparation.pipeline import prepare_due
from operations.workflow.base import ActivityFailed
from operations.workflow.config import InvalidConfig
from operations.workflow.registry import get_type
from tests.deliveries.factories import execute, make_activity, make_population, make_task, make_template, run_once
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db
CODE = "continuous_delivery"


def test_five_runs_make_one_delivery_with_five_analyses(now: datetime) -> None:
    activity = make_activity(CODE)

    for number in range(1, 6):
        run_once(activity, [make_recipient(number)], now=now + timedelta(days=number))

    delivery = Delivery.objects.get()
    assert (delivery.kind, delivery.state, delivery.targeted) == (
        DeliveryKind.CONTINUOUS,
        DeliveryState.START_PENDING,
        5,
    )
    assert [preparation.number for preparation in delivery.preparations.order_by("pk")] == [1, 2, 3, 4, 5]
    assert len({row.preparation_id for row in Broadlog.objects.all()}) == 5
    runs = Preparation.objects.values_list("workflow_run", flat=True)
    assert len(set(runs)) == 5
    counts = count_rows(delivery.pk)
    assert {name: getattr(delivery, name) for name in counts} == counts


def test_edited_content_gives_a_version_that_later_runs_use(now: datetime) -> None:
    activity = make_activity(CODE)
    run_once(activity, [make_recipient(1)], now=now)
    run_once(activity, [make_recipient(2)], now=now + timedelta(days=1))
    DeliveryTemplate.objects.update(subject="Edited")

    run_once(activity, [make_recipient(3)], now=now + timedelta(days=2))

    assert Delivery.objects.count() == 1
    subjects = Preparation.objects.order_by("number").values_list("content_version__subject", flat=True)
    assert list(subjects) == ["Happy birthday {{ recipient.first_name }}"] * 2 + ["Edited"]
    assert ContentVersion.objects.count() == 2


def test_people_already_in_the_delivery_are_skipped_and_counted_apart(now: datetime) -> None:
    first, second, third = make_recipients(3)
    activity = make_activity(CODE)
    run_once(activity, [first, second], now=now)

    run_once(activity, [first, second, third], now=now + timedelta(days=1))

    later = Preparation.objects.get(number=2)
    assert (later.targeted, later.already_in_delivery, later.to_deliver) == (1, 2, 1)
    assert Broadlog.objects.count() == Delivery.objects.get().targeted == 3


def test_an_address_already_in_the_delivery_gets_no_second_mail(now: datetime) -> None:
    activity = make_activity(CODE)
    run_once(activity, [make_recipient(1)], now=now)

    run_once(activity, [make_recipient(email="PERSON1@example.com")], now=now + timedelta(days=1))

    assert Preparation.objects.get(number=2).ignored_counts == {"double": 1}
    assert Broadlog.objects.filter(status=MessageStatus.PENDING).count() == 1


def test_an_address_that_got_nothing_may_get_it_later(now: datetime) -> None:
    activity = make_activity(CODE)
    run_once(activity, [make_recipient(1, denylist_email=True)], now=now)

    run_once(activity, [make_recipient(email="PERSON1@example.com")], now=now + timedelta(days=1))

    assert Preparation.objects.get(number=2).to_deliver == 1


def test_send_again_writes_to_everybody_in_each_run(now: datetime) -> None:
    people = make_recipients(2)
    activity = make_activity(CODE, already_in_delivery="send_again")

    for day in range(3):
        run_once(activity, people, now=now + timedelta(days=day))

    assert Broadlog.objects.filter(status=MessageStatus.PENDING).count() == 6
    repeats = Broadlog.objects.order_by("repeat").values_list("repeat", flat=True).distinct()
    assert list(repeats) == [1, 2, 3]


def test_two_runs_at_once_are_analysed_one_after_the_other(now: datetime) -> None:
    shared, other = make_recipients(2)
    activity = make_activity(CODE)
    for hour, people in enumerate([[shared], [shared, other]]):
        task = make_task(activity, scheduled_for=now + timedelta(hours=hour))
        execute(task, now=now, population=make_population(task, people))

    assert (prepare_due(now), prepare_due(now)) == (1, 1)

    assert Delivery.objects.get().targeted == 2
    assert Preparation.objects.get(number=2).already_in_delivery == 1


def test_a_run_after_a_failed_first_analysis_prepares_the_same_delivery(now: datetime) -> None:
    activity = make_activity(CODE, template=make_template(subject="").pk)
    delivery = run_once(activity, [make_recipient(1)], now=now)
    assert delivery.state == DeliveryState.PREPARATION_FAILED
    DeliveryTemplate.objects.update(subject="Hello")

    run_once(activity, [make_recipient(2)], now=now + timedelta(days=1))

    delivery.refresh_from_db()
    assert (delivery.state, delivery.targeted, delivery.error) == (DeliveryState.START_PENDING, 1, "")


def test_a_failed_later_analysis_leaves_the_delivery_on_its_way(now: datetime) -> None:
    activity = make_activity(CODE)
    delivery = run_once(activity, [make_recipient(1)], now=now)
    DeliveryTemplate.objects.update(subject="")

    run_once(activity, [make_recipient(2)], now=now + timedelta(days=1))

    delivery.refresh_from_db()
    assert (delivery.state, delivery.targeted) == (DeliveryState.START_PENDING, 1)
    assert Preparation.objects.get(number=2).state == PreparationState.FAILED


@pytest.mark.parametrize("state", [DeliveryState.STOPPED, DeliveryState.FAILED])
def test_nothing_is_added_to_one_that_was_stopped(now: datetime, state: DeliveryState) -> None:
    activity = make_activity(CODE)
    run_once(activity, [make_recipient(1)], now=now)
    Delivery.objects.update(state=state)
    task = make_task(activity, scheduled_for=now + timedelta(days=1))

    with pytest.raises(ActivityFailed, match="nothing can be added to it"):
        execute(task, now=now, population=make_population(task, [make_recipient(2)]))
    assert Delivery.objects.count() == 1


def test_it_follows_the_shared_template() -> None:
    activity = make_activity(CODE)

    assert get_type(CODE).document(activity) == {}
    assert not DeliveryTemplate.objects.filter(activity__isnull=False).exists()


def test_an_unknown_way_with_people_already_there_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="already_in_delivery"):
        make_activity(CODE, already_in_delivery="perhaps")


def test_people_already_there_are_skipped_unless_said_otherwise() -> None:
    assert make_activity(CODE).config["already_in_delivery"] == "skip"
