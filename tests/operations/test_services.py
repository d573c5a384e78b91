from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django_celery_beat.models import PeriodicTask

from common.errors import IllegalState
from operations import services
from operations.models import Operation, OperationState, RunState, TaskState, Workflow, WorkflowRun, WorkflowState
from operations.models.operation import OPERATION_MOVES
from operations.participants import participants
from operations.workflow import engine
from operations.workflow.graph import GraphFaults
from tests.factories import make_recipients
from tests.operations.factories import EVERYONE, activity, drawing, make_operation, make_workflow, run_once

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
PLAIN = drawing([activity("q", "query", filter=EVERYONE), activity("e", "end")], "q → e")
WAITING = drawing([activity("s", "start"), activity("w", "wait", duration=1), activity("e", "end")], "s → w", "w → e")
SCHEDULED = drawing(
    [
        activity("tick", "scheduler", schedule={"crontab": "0 6 * * 1"}),
        activity("q", "query", filter=EVERYONE),
        activity("e", "end"),
    ],
    "tick → q",
    "q → e",
)
TWO_BRANCHES = drawing(
    [
        activity("early", "scheduler", schedule={"crontab": "0 6 * * *"}),
        activity("late", "scheduler", schedule={"crontab": "0 18 * * *"}),
        activity("alone", "start"),
        activity("e", "end"),
        activity("f", "end"),
        activity("g", "end"),
    ],
    "early → e",
    "late → f",
    "alone → g",
)


class Deliveries:
    """Stands for what an operation reaches downstream."""

    def __init__(self) -> None:
        self.stopped: list[int] = []

    def stop(self, operation_id: int, *, now: datetime) -> int:
        self.stopped.append(operation_id)
        return 3

    def busy(self, operation_id: int) -> int:
        return 0

    def at_stake(self, operation_id: int) -> list[str]:
        return []


@pytest.fixture
def downstream() -> Iterator[Deliveries]:
    deliveries = Deliveries()
    participants.add("things", deliveries)
    yield deliveries
    del participants._entries["things"]


def enabled_rows() -> list[bool]:
    return list(PeriodicTask.objects.filter(name__startswith="workflow:").values_list("enabled", flat=True))


# ---- operations


def test_an_operation_starts_once(now: datetime) -> None:
    operation = make_operation()

    services.start_operation(operation, now=now)

    assert operation.state == OperationState.STARTED
    with pytest.raises(IllegalState):
        services.start_operation(operation, now=now)


def test_cancelling_stops_all_that_belongs_to_the_operation(now: datetime, downstream: Deliveries) -> None:
    operation, other = make_operation(), make_operation("Autumn")
    scheduled = make_workflow(SCHEDULED, now=now, operation=operation)
    waiting = make_workflow(WAITING, now=now, operation=operation)
    edited = make_workflow(PLAIN, now=now, operation=operation)
    foreign = make_workflow(WAITING, now=now, operation=other)
    for workflow in (scheduled, waiting, foreign):
        services.start_workflow(workflow, now=now)
    engine.advance_due(now)

    consequences = services.cancel_operation(operation, now=now)

    assert consequences == {"workflows": 2, "deliveries": 0, "things": 3}
    assert operation.state == OperationState.CANCELLED
    assert downstream.stopped == [operation.pk]
    assert enabled_rows() == [False]
    assert list(Workflow.objects.order_by("pk").values_list("state", flat=True)) == [20, 20, 0, 11]
    assert waiting.runs.get().state == RunState.STOPPED
    assert foreign.runs.get().state == RunState.RUNNING
    assert edited.state == WorkflowState.EDITED


def test_a_cancellation_can_be_repeated(now: datetime, downstream: Deliveries) -> None:
    operation = make_operation()
    workflow = make_workflow(WAITING, now=now, operation=operation)
    services.start_workflow(workflow, now=now)
    # The first one died after its first step.
    OPERATION_MOVES.move(Operation.objects.get(), to=OperationState.CANCELLED)

    assert services.cancel_operation(operation, now=now)["workflows"] == 1
    assert services.cancel_operation(operation, now=now)["workflows"] == 0
    assert workflow.runs.get().state == RunState.STOPPED


def test_a_finished_operation_cannot_be_cancelled(now: datetime, downstream: Deliveries) -> None:
    operation = make_operation(state=OperationState.FINISHED)

    with pytest.raises(IllegalState):
        services.cancel_operation(operation, now=now)

    assert downstream.stopped == []


def test_nothing_of_a_cancelled_operation_can_be_started(now: datetime) -> None:
    workflow = make_workflow(PLAIN, now=now, operation=make_operation(state=OperationState.CANCELLED))

    for service in (services.start_workflow, services.run_now, services.resume_workflow):
        with pytest.raises(services.OperationCancelled):
            service(workflow, now=now)


# ---- workflows


def test_starting_anchors_the_schedules_and_runs_what_needs_none(now: datetime) -> None:
    workflow = make_workflow(TWO_BRANCHES, now=now)

    services.start_workflow(workflow, now=now)

    assert (workflow.state, workflow.started_at) == (WorkflowState.STARTED, now)
    run = workflow.runs.get()
    assert (run.entry, run.manual, run.scheduled_for) == ("", False, now)
    assert set(run.tasks.values_list("name", flat=True)) == {"alone", "g"}
    assert enabled_rows() == [True, True]


def test_a_scheduled_workflow_waits_for_its_first_instant(now: datetime) -> None:
    workflow = make_workflow(SCHEDULED, now=now)

    services.start_workflow(workflow, now=now)

    assert not workflow.runs.exists()


def test_a_finished_workflow_starts_again(now: datetime) -> None:
    workflow = make_workflow(PLAIN, now=now)
    for instant in (now, now + HOUR):
        services.start_workflow(workflow, now=instant)
        engine.advance_due(instant)

    assert [run.scheduled_for for run in workflow.runs.order_by("pk")] == [now, now + HOUR]


@pytest.mark.parametrize(
    ("service", "states"),
    [
        (services.start_workflow, [WorkflowState.STARTED, WorkflowState.PAUSED]),
        (services.pause_workflow, [WorkflowState.EDITED, WorkflowState.PAUSED, WorkflowState.FINISHED]),
        (services.resume_workflow, [WorkflowState.EDITED, WorkflowState.STARTED, WorkflowState.FINISHED]),
        (services.stop_workflow, [WorkflowState.EDITED, WorkflowState.FINISHED]),
        (services.run_now, [WorkflowState.PAUSED, WorkflowState.FINISHED]),
    ],
)
def test_an_action_is_refused_in_the_wrong_state(service: Any, states: list[WorkflowState], now: datetime) -> None:
    for state in states:
        workflow = make_workflow(PLAIN, now=now)
        Workflow.objects.filter(pk=workflow.pk).update(state=state)

        with pytest.raises(IllegalState) as caught:
            service(workflow, now=now)

        assert caught.value.code == "illegal_state"
        workflow.refresh_from_db()
        assert workflow.state == state


def test_a_pause_disables_the_schedules_and_a_resume_enables_them(now: datetime) -> None:
    workflow = make_workflow(SCHEDULED, now=now)
    services.start_workflow(workflow, now=now)

    services.pause_workflow(workflow, now=now)
    assert (workflow.state, enabled_rows()) == (WorkflowState.PAUSED, [False])

    services.resume_workflow(workflow, now=now)
    assert (workflow.state, enabled_rows()) == (WorkflowState.STARTED, [True])


def test_a_run_that_had_not_begun_waits_again_after_a_pause(now: datetime) -> None:
    workflow = make_workflow(PLAIN, now=now)
    services.start_workflow(workflow, now=now)
    services.pause_workflow(workflow, now=now)
    assert workflow.runs.get().state == RunState.PAUSED

    services.resume_workflow(workflow, now=now)

    assert workflow.runs.get().state == RunState.WAITING


def test_a_stop_ends_the_runs_and_the_schedules(now: datetime) -> None:
    workflow = make_workflow(WAITING, now=now)
    services.start_workflow(workflow, now=now)
    engine.advance_due(now)

    services.stop_workflow(workflow, now=now)

    run = workflow.runs.get()
    assert (workflow.state, run.state) == (WorkflowState.FINISHED, RunState.STOPPED)
    assert not run.tasks.filter(state__in=[TaskState.WAITING, TaskState.RUNNING]).exists()


def test_a_run_by_hand_of_an_edited_workflow_can_be_stopped(now: datetime) -> None:
    workflow = make_workflow(WAITING, now=now)
    run = run_once(workflow, now=now)

    services.stop_workflow(workflow, now=now)

    run.refresh_from_db()
    assert (workflow.state, run.state) == (WorkflowState.EDITED, RunState.STOPPED)


def test_a_new_definition_changes_the_schedules_of_a_started_workflow(now: datetime) -> None:
    workflow = make_workflow(SCHEDULED, now=now)
    services.start_workflow(workflow, now=now)

    services.save_definition(workflow, TWO_BRANCHES, now=now)

    assert sorted(
        name.split(":")[2]
        for name in PeriodicTask.objects.filter(name__startswith="workflow:", enabled=True).values_list(
            "name", flat=True
        )
    ) == ["early", "late"]


# ---- run now


def test_the_only_entry_needs_no_name(now: datetime) -> None:
    make_recipients(2)

    run = run_once(make_workflow(SCHEDULED, now=now), now=now)

    assert (run.entry, run.manual, run.state) == ("tick", True, RunState.FINISHED)


@pytest.mark.parametrize(("given", "chosen"), [("early", "early"), ("late", "late"), ("", ""), ("alone", "")])
def test_an_entry_is_chosen_by_name(given: str, chosen: str, now: datetime) -> None:
    workflow = make_workflow(TWO_BRANCHES, now=now)

    run, created = services.run_now(workflow, now=now, entry=given)

    assert (run.entry, created) == (chosen, True)


@pytest.mark.parametrize("entry", ["e", "nothing"])
def test_an_unknown_entry_is_refused_with_those_that_exist(entry: str, now: datetime) -> None:
    workflow = make_workflow(TWO_BRANCHES, now=now)

    with pytest.raises(services.UnknownEntry, match="early, late"):
        services.run_now(workflow, now=now, entry=entry)


def test_the_same_instant_and_entry_is_the_same_run(now: datetime) -> None:
    workflow = make_workflow(SCHEDULED, now=now)
    instant = now - HOUR

    run, created = services.run_now(workflow, now=now, scheduled_for=instant)
    same, again = services.run_now(workflow, now=now + HOUR, scheduled_for=instant, entry="tick")

    assert (created, again, run.pk, run.scheduled_for) == (True, False, same.pk, instant)


def test_an_unsound_drawing_does_not_run(now: datetime) -> None:
    workflow = make_workflow(drawing([activity("q", "query", filter=EVERYONE)]), now=now)

    with pytest.raises(GraphFaults, match="dangling_outlet"):
        services.run_now(workflow, now=now)

    assert not WorkflowRun.objects.exists()
