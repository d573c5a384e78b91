"""A recurring delivery makes one delivery for each run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deliveries.models import (
    Broadlog,
    Delivery,
    DeliveryKind,
    DeliverySeries,
    DeliveryState,
    DeliveryTemplate,
    TrackedUrl,
)
from deliveries.preparation.pipeline import run_preparation
from operations.models import RunLog
from operations.workflow.base import ActivityFailed, Done, Wait
from operations.workflow.config import InvalidConfig
from operations.workflow.registry import get_type
from tests.deliveries.factories import execute, make_activity, make_population, make_task, make_template, run_once
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db
CODE = "recurring_delivery"


def test_twelve_runs_make_twelve_deliveries_with_their_own_rows_and_links(now: datetime) -> None:
    activity = make_activity(CODE, template=make_template(html='<a href="https://example.com/">See</a>').pk)
    people = make_recipients(3)

    for week in range(12):
        run_once(activity, people, now=now + timedelta(weeks=week))

    deliveries = Delivery.objects.order_by("occurrence")
    assert [delivery.occurrence for delivery in deliveries] == list(range(1, 13))
    assert {delivery.kind for delivery in deliveries} == {DeliveryKind.RECURRING}
    assert DeliverySeries.objects.get().occurrences.count() == 12
    for delivery in deliveries:
        assert Broadlog.objects.filter(delivery=delivery).count() == delivery.targeted == 3
        assert TrackedUrl.objects.filter(content_version__delivery=delivery).exists()


def test_an_occurrence_is_labelled_with_the_date_in_the_zone_of_the_workflow() -> None:
    # 00:30 on the 7th in Paris.
    late = datetime(2025, 10, 6, 22, 30, tzinfo=UTC)

    delivery = run_once(make_activity(CODE), [make_recipient()], now=late)

    assert delivery.label == "Birthday – 2025-10-07"


def test_the_label_of_the_activity_replaces_that_of_the_template(now: datetime) -> None:
    delivery = run_once(make_activity(CODE, label="Cake"), [make_recipient()], now=now)

    assert delivery.label == "Cake – 2025-10-06"


def test_a_run_asks_for_the_analysis_and_waits(now: datetime) -> None:
    task = make_task(make_activity(CODE), scheduled_for=now)

    outcome = execute(task, now=now, population=make_population(task, [make_recipient()]))

    assert isinstance(outcome, Wait)
    assert Delivery.objects.get().state == DeliveryState.TARGET_PENDING


def test_those_who_get_the_message_leave_through_the_outlet(now: datetime) -> None:
    kept, dropped = make_recipient(1), make_recipient(2, denylist_all=True)
    activity = make_activity(CODE)
    delivery = run_once(activity, [kept, dropped], now=now)
    assert delivery.task is not None

    outcome = execute(delivery.task, now=now)

    assert isinstance(outcome, Done)
    population = outcome.outlets["out"]
    assert population is not None
    assert [member.recipient_id for member in population.members.all()] == [kept.pk]


def test_when_everybody_gets_the_message_nobody_is_copied(now: datetime) -> None:
    delivery = run_once(make_activity(CODE), [make_recipient()], now=now)
    assert delivery.task is not None

    outcome = execute(delivery.task, now=now)

    assert outcome == Done({"out": delivery.task.populations.get(outlet="in")})


def test_an_empty_population_makes_no_delivery_and_the_run_says_so(now: datetime) -> None:
    task = make_task(make_activity(CODE), scheduled_for=now)

    outcome = execute(task, now=now, population=make_population(task, []))

    assert outcome == Done()
    assert not Delivery.objects.exists()
    assert "no delivery is made" in RunLog.objects.get(task=task).message


def test_editing_the_local_template_touches_only_later_occurrences(now: datetime) -> None:
    activity = make_activity(CODE)
    first = run_once(activity, [make_recipient()], now=now)
    DeliveryTemplate.objects.filter(activity=activity).update(subject="Edited")

    second = run_once(activity, [make_recipient(2)], now=now + timedelta(weeks=1))

    first.refresh_from_db()
    assert (first.subject, second.subject) == ("Happy birthday {{ recipient.first_name }}", "Edited")


def test_a_failed_analysis_fails_the_task_and_a_resumed_one_asks_for_the_same_delivery(now: datetime) -> None:
    activity = make_activity(CODE, template=make_template(subject="").pk)
    task = make_task(activity, scheduled_for=now)
    population = make_population(task, [make_recipient()])
    waiting = execute(task, now=now, population=population)
    assert isinstance(waiting, Wait)
    task.memo = dict(waiting.memo)
    task.save()
    preparation = task.preparation
    run_preparation(preparation=preparation, now=now)

    with pytest.raises(ActivityFailed, match="The subject is empty"):
        execute(task, now=now, population=population)

    Delivery.objects.update(subject="Hello")
    task.attempt += 1
    task.save()
    assert isinstance(execute(task, now=now, population=population), Wait)
    run_preparation(preparation=preparation, now=now)

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.preparations.count()) == (DeliveryState.START_PENDING, 1)
    assert isinstance(execute(task, now=now, population=population), Done)


def test_a_task_executed_twice_makes_one_delivery(now: datetime) -> None:
    task = make_task(make_activity(CODE), scheduled_for=now)
    population = make_population(task, [make_recipient()])

    execute(task, now=now, population=population)
    execute(task, now=now, population=population)

    assert Delivery.objects.count() == 1


@pytest.mark.parametrize(
    ("action", "state"),
    [
        ("save", DeliveryState.EDITED),
        ("estimate", DeliveryState.TARGET_READY),
        ("prepare", DeliveryState.READY),
        ("prepare_and_start", DeliveryState.START_PENDING),
    ],
)
def test_the_action_says_how_far_it_goes(now: datetime, action: str, state: DeliveryState) -> None:
    task = make_task(make_activity(CODE, action=action), scheduled_for=now)
    population = make_population(task, [make_recipient()])

    outcome = execute(task, now=now, population=population)
    if isinstance(outcome, Wait):
        run_preparation(preparation=task.preparation, now=now)
        outcome = execute(task, now=now, population=population)

    assert isinstance(outcome, Done) and outcome.outlets["out"] is not None
    assert outcome.outlets["out"].count == 1
    assert Delivery.objects.get().state == state


def test_stopping_the_run_takes_the_unfinished_analysis_back(now: datetime) -> None:
    task = make_task(make_activity(CODE), scheduled_for=now)
    execute(task, now=now, population=make_population(task, [make_recipient()]))

    get_type(CODE).stopped(task, now=now)

    assert Delivery.objects.get().state == DeliveryState.EDITED
    assert not run_preparation(preparation=task.preparation, now=now)


def test_it_belongs_in_an_operation() -> None:
    assert get_type(CODE).needs_operation


def test_its_local_template_is_named_in_its_document() -> None:
    activity = make_activity(CODE)

    assert get_type(CODE).document(activity) == {"local_template": DeliveryTemplate.objects.get(activity=activity).pk}


def test_the_local_template_is_copied_again_only_when_another_template_is_chosen() -> None:
    activity = make_activity(CODE)
    local = DeliveryTemplate.objects.get(activity=activity)
    DeliveryTemplate.objects.filter(pk=local.pk).update(subject="Edited")

    get_type(CODE).saved(activity, dict(activity.config))
    local.refresh_from_db()
    assert local.subject == "Edited"

    previous, activity.config = dict(activity.config), {"template": make_template(subject="Other").pk}
    get_type(CODE).saved(activity, previous)
    local.refresh_from_db()
    assert local.subject == "Other"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"template": 4711}, "There is no delivery template 4711"),
        ({"action": "explode"}, "explode"),
        ({"colour": "red"}, "colour: unknown key"),
        ({"template": "first"}, "template"),
        ({"template": None}, "template"),
    ],
)
def test_a_wrong_configuration_is_refused_by_name(config: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidConfig, match=words):
        make_activity(CODE, **{"template": 1, **config} if "template" in config else config)


def test_the_local_template_of_an_activity_can_not_be_chosen() -> None:
    local = DeliveryTemplate.objects.get(activity=make_activity(CODE))

    with pytest.raises(InvalidConfig, match=f"no delivery template {local.pk}"):
        make_activity(CODE, template=local.pk)


def test_absent_keys_take_their_default() -> None:
    config = make_activity(CODE).config

    assert (config["action"], config["label"]) == ("prepare_and_start", "")
