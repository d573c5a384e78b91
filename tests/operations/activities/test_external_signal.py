from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from operations import signals
from operations.models import ExternalSignal, TaskState, Workflow, WorkflowRun
from operations.workflow import engine
from operations.workflow.definition import InvalidDefinition
from tests.factories import make_recipients
from tests.operations.factories import (
    activity,
    drawing,
    left_by,
    make_list,
    make_workflow,
    numbers,
    people_of,
    run_once,
    task_of,
)

pytestmark = pytest.mark.django_db


def waiting(now: datetime, people: Any = (), **config: Any) -> Workflow:
    lines = ["a → w", "w → end", *(["w.expired → end"] if config else [])]
    document = drawing(
        [*people_of(make_list(people)), activity("w", "external_signal", **config), activity("end", "end")], *lines
    )
    return make_workflow(document, now=now)


def signal(workflow: Workflow, now: datetime, **parameters: Any) -> ExternalSignal:
    return signals.receive(workflow.activities.get(name="w"), parameters=parameters, now=now)


def variables(run: WorkflowRun) -> Any:
    return WorkflowRun.objects.get(pk=run.pk).vars


def test_people_wait_for_the_signal_and_its_parameters_are_variables(now: datetime) -> None:
    people = make_recipients(2)
    workflow = waiting(now, people)
    run = run_once(workflow, now=now)
    assert task_of(run, "w").state == TaskState.RUNNING

    signal(workflow, now, stock=12, city="Lyon")
    engine.advance(run.pk, now=now)

    assert left_by(run, "w") == numbers(people)
    assert variables(run) == {"stock": 12, "city": "Lyon"}


def test_a_signal_that_comes_first_is_kept_and_taken_once(now: datetime) -> None:
    workflow = waiting(now)
    signal(workflow, now, number=1)
    signal(workflow, now, number=2)

    runs = [run_once(workflow, now=now + timedelta(minutes=minute)) for minute in range(3)]

    assert [variables(run) for run in runs] == [{"number": 1}, {"number": 2}, {}]
    assert [task_of(run, "w").state for run in runs] == [TaskState.DONE, TaskState.DONE, TaskState.RUNNING]


def test_a_task_whose_process_died_takes_one_signal(now: datetime) -> None:
    workflow = waiting(now)
    run = run_once(workflow, now=now)
    run.tasks.filter(name="w").update(resume_at=None, lease_until=now)
    signal(workflow, now)
    signal(workflow, now)

    engine.advance(run.pk, now=now + timedelta(minutes=5))

    assert ExternalSignal.objects.filter(taken_by__isnull=True).count() == 1


def test_without_a_signal_in_time_they_leave_by_expired(now: datetime) -> None:
    people = make_recipients(1)
    run = run_once(waiting(now, people, timeout={"duration": 2, "unit": "days"}), now=now)

    engine.advance(run.pk, now=now + timedelta(days=1))
    assert task_of(run, "w").state == TaskState.RUNNING
    engine.advance(run.pk, now=now + timedelta(days=2))

    assert left_by(run, "w", "expired") == numbers(people)


@pytest.mark.parametrize("timeout", [3, {"duration": 1}, {"duration": -1, "unit": "days"}])
def test_a_faulty_deadline_is_refused(timeout: Any, now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="timeout"):
        make_workflow(drawing([activity("w", "external_signal", timeout=timeout)]), now=now)
