"""The generic delivery activity: which delivery, to whom, how far."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from deliveries.creation import create_delivery
from deliveries.models import Delivery, DeliveryKind, DeliveryState, Preparation
from deliveries.preparation.pipeline import run_preparation
from operations.models import ActivityRun, WorkflowRun
from operations.workflow.base import ActivityFailed, Done, Wait
from operations.workflow.config import InvalidConfig
from operations.workflow.registry import get_type
from tests.deliveries.factories import (
    EVERYONE,
    execute,
    make_activity,
    make_delivery,
    make_population,
    make_task,
    make_template,
    reasons,
)
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db
CODE = "delivery"


def begin(now: datetime, people: Any, **config: Any) -> tuple[ActivityRun, Any]:
    task = make_task(make_activity(CODE, **config), scheduled_for=now)
    return task, execute(task, now=now, population=make_population(task, people))


def finish(task: ActivityRun, outcome: Any, now: datetime) -> Any:
    assert isinstance(outcome, Wait)
    ActivityRun.objects.filter(pk=task.pk).update(memo=outcome.memo)
    run_preparation(preparation=Preparation.objects.get(task=task), now=now)
    task.refresh_from_db()
    return execute(task, now=now, population=task.populations.get(outlet="in"))


def without_template(**config: Any) -> dict[str, Any]:
    return {"template": None, **config}


def test_a_new_one_is_made_at_each_run_and_named_to_the_tasks_after_it(now: datetime) -> None:
    people = make_recipients(2)
    task, outcome = begin(now, people)

    done = finish(task, outcome, now)

    delivery = Delivery.objects.get(task=task)
    assert (delivery.kind, delivery.state) == (DeliveryKind.ONE_OFF, DeliveryState.START_PENDING)
    assert done.outlets["out"].count == 2
    assert WorkflowRun.objects.get(pk=task.run_id).vars == {"delivery": delivery.pk}

    later = make_task(task.activity, scheduled_for=now + timedelta(days=1))
    execute(later, now=now, population=make_population(later, people))
    assert Delivery.objects.count() == 2


def test_a_task_that_is_repeated_makes_one_delivery(now: datetime) -> None:
    task, _outcome = begin(now, [make_recipient()])

    execute(task, now=now, population=task.populations.get(outlet="in"))

    assert (Delivery.objects.count(), Preparation.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("action", "state"),
    [
        ("estimate", DeliveryState.TARGET_READY),
        ("prepare", DeliveryState.READY),
        ("prepare_and_start", DeliveryState.START_PENDING),
    ],
)
def test_it_goes_as_far_as_it_is_told(action: str, state: DeliveryState, now: datetime) -> None:
    task, outcome = begin(now, [make_recipient()], action=action)

    finish(task, outcome, now)

    assert Delivery.objects.get().state == state


def test_to_save_is_enough(now: datetime) -> None:
    _task, outcome = begin(now, [make_recipient()], action="save")

    assert isinstance(outcome, Done)
    assert Delivery.objects.get().state == DeliveryState.EDITED


def test_a_chosen_delivery_goes_to_its_own_target(now: datetime) -> None:
    ada, bob = make_recipients(2)
    chosen = create_delivery(template=make_template(), now=now, target=EVERYONE)
    task, outcome = begin(
        now, [ada], **without_template(delivery="explicit", delivery_id=chosen.pk, recipients="delivery")
    )

    done = finish(task, outcome, now)

    assert reasons(chosen) == {ada.pk: "pending", bob.pk: "pending"}
    assert done.outlets["out"].count == 2


def test_a_chosen_delivery_that_has_left_can_not_leave_again(now: datetime) -> None:
    chosen = make_delivery(now)
    Delivery.objects.filter(pk=chosen.pk).update(state=DeliveryState.FINISHED)

    with pytest.raises(ActivityFailed, match="can't be prepared again"):
        begin(now, [make_recipient()], **without_template(delivery="explicit", delivery_id=chosen.pk))


def test_the_one_that_comes_in_is_that_of_the_run(now: datetime) -> None:
    chosen = make_delivery(now)
    task = make_task(make_activity(CODE, **without_template(delivery="transition")), scheduled_for=now)
    people = make_population(task, [make_recipient()])

    with pytest.raises(ActivityFailed, match="No delivery comes in"):
        execute(task, now=now, population=people)
    task.run.vars = {"delivery": chosen.pk}
    execute(task, now=now, population=people)

    assert Preparation.objects.get(task=task).delivery == chosen


def test_a_proof_goes_to_its_addresses_and_the_people_pass_on(now: datetime) -> None:
    people = make_recipients(2)
    task, outcome = begin(now, people, action="proof", proof_addresses=["boss@example.com"])

    done = finish(task, outcome, now)

    proof = Delivery.objects.get(kind=DeliveryKind.PROOF)
    assert proof.proof_of == Delivery.objects.get(task=task)
    assert proof.state == DeliveryState.START_PENDING
    assert done.outlets["out"] == task.populations.get(outlet="in")
    assert WorkflowRun.objects.get(pk=task.run_id).vars == {"delivery": proof.proof_of_id}


def test_a_recurring_delivery_has_no_proof(now: datetime) -> None:
    from tests.deliveries.factories import run_once

    occurrence = run_once(make_activity("recurring_delivery"), [make_recipient()], now=now)
    config = without_template(
        delivery="explicit", delivery_id=occurrence.pk, action="proof", proof_addresses=["boss@example.com"]
    )

    with pytest.raises(ActivityFailed, match="No proof can be sent from a recurring delivery"):
        begin(now, [make_recipient(9)], **config)


def test_an_analysis_that_failed_is_asked_for_again_when_the_run_is_resumed(now: datetime) -> None:
    task, outcome = begin(now, [make_recipient()], template=make_template(subject="").pk)
    with pytest.raises(ActivityFailed, match="The analysis of"):
        finish(task, outcome, now)

    ActivityRun.objects.filter(pk=task.pk).update(attempt=task.attempt + 1)
    task.refresh_from_db()
    again = execute(task, now=now, population=task.populations.get(outlet="in"))

    assert isinstance(again, Wait)
    assert (Delivery.objects.count(), Preparation.objects.count()) == (1, 1)


def test_nobody_makes_no_delivery(now: datetime) -> None:
    _task, outcome = begin(now, [])

    assert (outcome.outlets, Delivery.objects.count()) == ({}, 0)


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"template": None}, "template"),
        ({"template": 0}, "There is no delivery template 0"),
        ({"delivery": "explicit"}, "delivery_id"),
        ({"delivery": "explicit", "delivery_id": 99}, "There is no delivery 99"),
        ({"recipients": "delivery"}, "no target of its own"),
        ({"action": "proof"}, "at least one address"),
        ({"action": "proof", "proof_addresses": [1]}, "A list of addresses"),
        ({"delivery": "computed"}, "delivery"),
    ],
)
def test_a_faulty_configuration_is_refused(config: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidConfig, match=why):
        make_activity(CODE, **config)


def test_template_and_delivery_travel_by_name(now: datetime) -> None:
    new, chosen = make_activity(CODE), make_delivery(now, label="The one")
    explicit = make_activity(CODE, **without_template(delivery="explicit", delivery_id=chosen.pk))
    kind = get_type(CODE)

    assert kind.imported(kind.exported(new))["template"] == new.config["template"]
    assert kind.exported(explicit)["delivery_id"] == "The one"
    assert kind.imported(kind.exported(explicit))["delivery_id"] == chosen.pk
    make_delivery(now, label="The one")
    with pytest.raises(InvalidConfig, match="not exactly one"):
        kind.imported(kind.exported(explicit))
