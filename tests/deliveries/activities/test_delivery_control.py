"""The activity that starts, pauses and stops deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from deliveries.models import Delivery, DeliveryState, Preparation
from deliveries.preparation.pipeline import run_preparation
from operations.models import ActivityRun
from operations.workflow.base import ActivityFailed, Done, Wait
from operations.workflow.config import InvalidConfig
from tests.deliveries.factories import analyse, execute, make_delivery, make_task
from tests.factories import make_recipients

pytestmark = pytest.mark.django_db
S = DeliveryState


def control(delivery: Delivery, action: str, now: datetime) -> tuple[ActivityRun, Any]:
    config: dict[str, Any] = {"delivery": "explicit", "delivery_id": delivery.pk, "action": action}
    task = make_task(make_control(**config), scheduled_for=now)
    outcome = execute(task, now=now)
    delivery.refresh_from_db()
    return task, outcome


def make_control(**config: Any) -> Any:
    from operations.models import Activity, Operation, Workflow, WorkflowVersion
    from tests.deliveries.factories import cleaned

    workflow = Workflow.objects.create(label="Control", operation=Operation.objects.create(label="Spring"))
    WorkflowVersion.objects.create(workflow=workflow, number=1, definition={"activities": [], "transitions": []})
    config = cleaned("delivery_control", workflow, config)
    return Activity.objects.create(workflow=workflow, name="control", type="delivery_control", config=config)


def test_a_start_does_the_steps_that_remain(now: datetime) -> None:
    make_recipients(2)
    delivery = make_delivery(now)
    task, outcome = control(delivery, "start", now)
    assert isinstance(outcome, Wait)

    ActivityRun.objects.filter(pk=task.pk).update(memo=outcome.memo)
    run_preparation(preparation=Preparation.objects.get(task=task), now=now)
    task.refresh_from_db()

    assert isinstance(execute(task, now=now), Done)
    delivery.refresh_from_db()
    assert delivery.state == S.START_PENDING


def test_a_prepared_one_is_confirmed_and_a_paused_one_resumed(now: datetime) -> None:
    make_recipients(1)
    delivery = make_delivery(now)
    analyse(delivery, now=now)

    assert isinstance(control(delivery, "start", now)[1], Done)
    assert delivery.state == S.START_PENDING
    assert isinstance(control(delivery, "pause", now)[1], Done)
    assert delivery.state == S.PAUSED
    control(delivery, "start", now)
    assert delivery.state in (S.START_PENDING, S.IN_PROGRESS)


def test_a_stop_is_for_good_and_may_be_repeated(now: datetime) -> None:
    make_recipients(1)
    delivery = make_delivery(now)
    analyse(delivery, now=now)

    for action in ("stop", "stop", "pause", "start"):
        assert isinstance(control(delivery, action, now)[1], Done)
        assert delivery.state == S.STOPPED


def test_an_analysis_that_fails_fails_the_task(now: datetime) -> None:
    make_recipients(1)
    delivery = make_delivery(now, subject="")
    task, outcome = control(delivery, "start", now)
    ActivityRun.objects.filter(pk=task.pk).update(memo=outcome.memo)
    run_preparation(preparation=Preparation.objects.get(task=task), now=now)
    task.refresh_from_db()

    with pytest.raises(ActivityFailed, match="The analysis of"):
        execute(task, now=now)


def test_without_a_delivery_that_comes_in_the_task_fails(now: datetime) -> None:
    task = make_task(make_control(), scheduled_for=now)

    with pytest.raises(ActivityFailed, match="No delivery comes in"):
        execute(task, now=now)


def test_it_acts_on_what_an_activity_before_it_made(now: datetime) -> None:
    from operations import services
    from operations.workflow.pump import pump_once
    from tests.deliveries.factories import make_template
    from tests.operations.factories import activity, drawing, make_list, make_operation, make_workflow, people_of

    document = drawing(
        [
            *people_of(make_list(make_recipients(2))),
            activity("mail", "email_delivery", template=make_template().pk, action="prepare"),
            activity("other", "email_delivery", template=make_template(label="Other").pk, action="prepare"),
            activity("go", "delivery_control"),
        ],
        "a → mail",
        "a → other",
        "mail → go",
    )
    run, _created = services.run_now(make_workflow(document, now=now, operation=make_operation()), now=now)
    while pump_once(now):
        pass

    run.refresh_from_db()
    states = dict(Delivery.objects.values_list("label", "state"))
    assert run.get_state_display() == "Finished", run.error
    assert states["Birthday"] != S.READY
    assert states["Other"] == S.READY


@pytest.mark.parametrize("config", [{"delivery": "explicit"}, {"action": "resume"}, {"delivery_id": 99}])
def test_a_faulty_configuration_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(InvalidConfig):
        make_control(**config)
