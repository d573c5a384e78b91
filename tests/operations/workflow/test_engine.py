from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from operations import services
from operations.models import (
    OperationState,
    Population,
    RunLog,
    RunState,
    TaskState,
    Workflow,
    WorkflowRun,
    WorkflowState,
)
from operations.models.run import RUN_MOVES, TASK_MOVES
from operations.workflow import engine, populations
from operations.workflow.base import ActivityFailed, Done, TaskContext, Wait
from operations.workflow.document import definition_of
from operations.workflow.execution import LEASE, MAXIMUM_ATTEMPTS, claim, execute
from tests.factories import make_recipients
from tests.operations.factories import (
    EVERYONE,
    activity,
    drawing,
    left_by,
    make_operation,
    make_workflow,
    numbers,
    run_drawing,
    run_once,
    task_of,
)
from tests.operations.workflow.trials import ProcessDied, Trial, trials

pytestmark = pytest.mark.django_db
ONE_TRIAL = drawing([activity("s", "start"), activity("t", "trial")], "s → t")
AFTER_QUERY = drawing(
    [activity("q", "query", filter=EVERYONE), activity("t", "trial"), activity("e", "end")], "q → t", "t → e"
)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def trial() -> Iterator[type[Trial]]:
    with trials() as registered:
        yield registered


def started(document: Any, now: datetime, **values: Any) -> tuple[Workflow, WorkflowRun]:
    workflow = make_workflow(document, now=now, **values)
    services.start_workflow(workflow, now=now)
    return workflow, workflow.runs.get()


def states(run: WorkflowRun) -> dict[str, str]:
    return {task.name: TaskState(task.state).slug for task in run.tasks.all()}


# ---- creation


def test_one_instant_has_one_run(now: datetime, trial: type[Trial]) -> None:
    workflow = make_workflow(ONE_TRIAL, now=now)

    first, second = (services.run_now(workflow, now=now) for _time in range(2))

    assert (first[1], second[1], first[0].pk) == (True, False, second[0].pk)
    assert WorkflowRun.objects.count() == 1
    assert run_count(workflow, now) == 2


def run_count(workflow: Workflow, now: datetime) -> int:
    return services.run_now(workflow, now=now)[0].tasks.count()


@pytest.mark.parametrize("state", [WorkflowState.PAUSED, WorkflowState.FINISHED])
def test_no_run_is_created_for_a_workflow_that_may_not_run(
    now: datetime, trial: type[Trial], state: WorkflowState
) -> None:
    workflow = make_workflow(ONE_TRIAL, now=now)
    Workflow.objects.update(state=state)

    for manual in (True, False):
        with pytest.raises(engine.UnableToRun):
            engine.create_run(workflow, entry="", scheduled_for=now, manual=manual, now=now)


def test_a_run_may_wait_for_the_end_of_another(now: datetime, trial: type[Trial]) -> None:
    workflow, first = started(ONE_TRIAL, now)
    second, _created = engine.create_run(
        workflow, entry="", scheduled_for=now + MINUTE, manual=False, now=now, vars={"_after": first.pk}
    )

    assert engine.advance(second.pk, now=now) == 0
    engine.advance(first.pk, now=now)
    workflow.refresh_from_db()
    assert workflow.state == WorkflowState.STARTED

    engine.advance_due(now)
    second.refresh_from_db()
    assert second.state == RunState.FINISHED


# ---- advancing


def test_a_run_carries_people_from_task_to_task_and_ends_the_workflow(now: datetime, trial: type[Trial]) -> None:
    people = make_recipients(3)
    workflow, run = started(AFTER_QUERY, now)

    assert engine.advance_due(now) == 3

    run.refresh_from_db()
    workflow.refresh_from_db()
    assert left_by(run, "t") == numbers(people)
    assert (run.state, workflow.state) == (RunState.FINISHED, WorkflowState.FINISHED)
    assert (run.started_at, run.ended_at) == (now, now)
    assert engine.advance_due(now) == 0


def test_a_workflow_with_a_scheduler_stays_started(now: datetime) -> None:
    document = drawing(
        [activity("tick", "scheduler", schedule={"crontab": "0 6 * * 1"}), activity("e", "end")], "tick → e"
    )
    workflow = make_workflow(document, now=now)
    services.start_workflow(workflow, now=now)

    run = run_once(workflow, now=now)

    workflow.refresh_from_db()
    assert (run.entry, run.state, workflow.state) == ("tick", RunState.FINISHED, WorkflowState.STARTED)


def test_every_task_logs_its_start_and_its_end_with_its_counts(now: datetime, trial: type[Trial]) -> None:
    make_recipients(2)
    run = run_drawing(AFTER_QUERY, now=now)

    lines = [line.message for line in run.log.filter(task__name="q").order_by("pk")]

    assert lines[0] == "“q” starts."
    assert lines[1].startswith("“q” is done in ")
    assert lines[1].endswith("out: 2")


def test_a_run_by_hand_does_not_change_the_state_of_an_edited_workflow(now: datetime, trial: type[Trial]) -> None:
    workflow = make_workflow(ONE_TRIAL, now=now)

    run = run_once(workflow, now=now)

    workflow.refresh_from_db()
    assert (run.state, workflow.state) == (RunState.FINISHED, WorkflowState.EDITED)


def test_the_number_of_statements_does_not_grow_with_the_people(now: datetime, trial: type[Trial]) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            run_drawing(AFTER_QUERY, now=now)
        return len(queries)

    make_recipients(3)
    few = statements()
    make_recipients(300)
    assert statements() == few


def test_an_idle_sweep_asks_no_more_for_more_runs(now: datetime) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert engine.advance_due(now) == 0
        return len(queries)

    with trials(lambda context: Wait(context.now + MINUTE, {})):
        run_drawing(ONE_TRIAL, now=now)
        one = statements()
        for _number in range(5):
            run_drawing(ONE_TRIAL, now=now)
        assert statements() == one


# ---- waiting


def test_a_task_is_looked_at_again_at_the_instant_it_gave_and_remembers(now: datetime) -> None:
    def script(context: TaskContext) -> Done | Wait:
        looks = context.task.memo.get("looks", 0)
        return Wait(context.now + MINUTE, {"looks": looks + 1}) if looks < 2 else Done({"out": None})

    with trials(script) as trial:
        run = run_drawing(ONE_TRIAL, now=now)
        assert (states(run)["t"], len(trial.executed)) == ("running", 1)

        assert engine.advance_due(now + MINUTE - timedelta(seconds=1)) == 0
        assert engine.advance_due(now + MINUTE) == 1
        assert engine.advance_due(now + 2 * MINUTE) == 1

        assert (states(run)["t"], task_of(run, "t").attempt) == ("done", 1)


def test_wake_makes_a_waiting_task_due_now(now: datetime) -> None:
    with trials(lambda context: None if context.task.memo else Wait(context.now + timedelta(days=1), {"seen": 1})):
        run = run_drawing(ONE_TRIAL, now=now)

        engine.wake(task_of(run, "t").pk, now=now + MINUTE)
        engine.advance_due(now + MINUTE)

        assert states(run)["t"] == "done"


def test_a_waiting_branch_does_not_hold_up_the_others(now: datetime) -> None:
    document = drawing([activity("s", "start"), activity("t", "trial"), activity("e", "end")], "s → t", "s → e")

    with trials(lambda context: Wait(context.now + MINUTE, {})):
        assert states(run_drawing(document, now=now)) == {"s": "done", "t": "running", "e": "done"}


# ---- failing


def test_a_failure_suspends_the_workflow_and_is_resumed_from_the_task(now: datetime) -> None:
    make_recipients(1)
    broken = [True]

    def script(context: TaskContext) -> None:
        if broken[0]:
            raise ActivityFailed("The printer is on fire.")

    with trials(script) as trial:
        workflow, run = started(AFTER_QUERY, now)
        engine.advance_due(now)

        workflow.refresh_from_db()
        run.refresh_from_db()
        assert (workflow.state, workflow.failed, run.state) == (WorkflowState.PAUSED, True, RunState.FAILED)
        assert (task_of(run, "t").error, run.error) == ("The printer is on fire.", "t: The printer is on fire.")
        assert run.log.get(level=RunLog.Level.ERROR).message == "t: The printer is on fire."
        assert engine.advance_due(now) == 0

        broken[0] = False
        services.resume_workflow(workflow, now=now)
        engine.advance_due(now)

        run.refresh_from_db()
        workflow.refresh_from_db()
        assert (run.state, run.error, task_of(run, "t").error) == (RunState.FINISHED, "", "")
        assert (workflow.state, workflow.failed) == (WorkflowState.FINISHED, False)
        assert trial.executed == ["t", "t"]
        assert task_of(run, "q").attempt == 1


def test_an_unexpected_error_is_readable_and_its_trace_is_logged(
    now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    colours: dict[str, str] = {}

    with trials(lambda context: colours["red"]), caplog.at_level(logging.ERROR, logger="diffusion.workflow"):
        run = run_drawing(ONE_TRIAL, now=now)

    assert task_of(run, "t").error == "Unexpected error: KeyError: 'red'"
    assert "Traceback" in caplog.text


def test_what_a_failed_task_wrote_is_not_kept(now: datetime) -> None:
    make_recipients(2)

    def script(context: TaskContext) -> None:
        populations.store(context.task, "out", populations.members(context.required_population()))
        raise ActivityFailed("Too late.")

    with trials(script):
        run = run_drawing(AFTER_QUERY, now=now)

    assert [population.task.name for population in Population.objects.all()] == ["q"]
    assert states(run) == {"q": "done", "t": "failed", "e": "waiting"}


def test_a_failed_run_by_hand_leaves_an_edited_workflow_as_it_is(now: datetime) -> None:
    with trials(lambda context: 1 / 0):
        workflow = make_workflow(ONE_TRIAL, now=now)
        run = run_once(workflow, now=now)

        workflow.refresh_from_db()
        assert (run.state, workflow.state, workflow.failed) == (RunState.FAILED, WorkflowState.EDITED, False)

        services.start_workflow(workflow, now=now + MINUTE)
        run.refresh_from_db()
        assert run.state == RunState.STOPPED


def test_a_failure_pauses_the_other_runs_and_resuming_resumes_them(now: datetime) -> None:
    with trials(lambda context: 1 / 0):
        workflow, run = started(ONE_TRIAL, now)
        other, _created = services.run_now(workflow, now=now, scheduled_for=now + MINUTE)
        engine.advance(run.pk, now=now)

        other.refresh_from_db()
        assert other.state == RunState.PAUSED

    with trials():
        services.resume_workflow(workflow, now=now)
        engine.advance_due(now)

        assert set(workflow.runs.values_list("state", flat=True)) == {RunState.FINISHED}


def test_a_type_that_fires_an_outlet_it_has_not_fails(now: datetime) -> None:
    with trials(lambda context: Done({"sideways": None})):
        run = run_drawing(ONE_TRIAL, now=now)

    assert "sideways" in task_of(run, "t").error


def test_a_run_that_cannot_be_advanced_does_not_stop_the_others(
    now: datetime, caplog: pytest.LogCaptureFixture, trial: type[Trial]
) -> None:
    _workflow, broken = started(ONE_TRIAL, now)
    _workflow, sound = started(ONE_TRIAL, now)
    version = broken.version
    version.definition = {"activities": "nonsense"}
    version.save()

    with caplog.at_level(logging.ERROR, logger="diffusion.workflow"):
        engine.advance_due(now)

    sound.refresh_from_db()
    assert sound.state == RunState.FINISHED
    assert f"run {broken.pk} could not be advanced" in caplog.text


# ---- dying


def test_a_task_whose_process_died_is_repeated_after_its_lease(now: datetime) -> None:
    people = make_recipients(2)
    deaths = [True]

    def script(context: TaskContext) -> Done:
        stored = populations.store(context.task, "out", populations.members(context.required_population()))
        if deaths:
            deaths.pop()
            raise ProcessDied
        return Done({"out": stored})

    with trials(script):
        workflow = make_workflow(AFTER_QUERY, now=now)
        run, _created = services.run_now(workflow, now=now)
        with pytest.raises(ProcessDied):
            engine.advance(run.pk, now=now)
        assert engine.advance_due(now + LEASE - timedelta(seconds=1)) == 0

        engine.advance_due(now + LEASE)

        run.refresh_from_db()
        assert (run.state, task_of(run, "t").attempt) == (RunState.FINISHED, 2)
        assert left_by(run, "t") == numbers(people)
        assert run.log.filter(message__contains="its process died").count() == 1


def test_a_claim_belongs_to_one(now: datetime, trial: type[Trial]) -> None:
    run, _created = services.run_now(make_workflow(ONE_TRIAL, now=now), now=now)
    RUN_MOVES.move(run, to=RunState.RUNNING)

    task, same = task_of(run, "t"), task_of(run, "t")

    assert (claim(task, now=now), claim(same, now=now)) == (True, False)


def test_who_lost_the_claim_leaves_nothing_behind(now: datetime) -> None:
    make_recipients(2)

    def script(context: TaskContext) -> Done:
        # Meanwhile the lease expires and another process takes over.
        context.run.tasks.filter(name="t").update(attempt=2)
        return Done({"out": populations.store(context.task, "out", populations.members(context.required_population()))})

    with trials(script):
        run = run_drawing(AFTER_QUERY, now=now)

    assert states(run)["t"] == "running"
    assert Population.objects.count() == 1


def test_a_fault_of_the_database_is_repeated_and_reported_in_the_end(now: datetime) -> None:
    def script(context: TaskContext) -> None:
        raise OperationalError("the disk is full")

    with trials(script):
        _workflow, run = started(ONE_TRIAL, now)
        for attempt in range(1, MAXIMUM_ATTEMPTS):
            engine.advance_due(now + attempt * LEASE)
            assert (states(run)["t"], task_of(run, "t").attempt) == ("running", attempt)
        engine.advance_due(now + MAXIMUM_ATTEMPTS * LEASE)

    assert (states(run)["t"], task_of(run, "t").error) == ("failed", "the disk is full")


# ---- pausing and stopping


def test_a_paused_workflow_starts_no_task_and_those_at_work_end(now: datetime) -> None:
    make_recipients(1)

    def script(context: TaskContext) -> None:
        services.pause_workflow(context.workflow, now=context.now)

    with trials(script):
        workflow, run = started(AFTER_QUERY, now)
        engine.advance_due(now)

        run.refresh_from_db()
        assert (run.state, states(run)) == (RunState.PAUSED, {"q": "done", "t": "done", "e": "waiting"})
        assert engine.advance_due(now) == 0

        services.resume_workflow(workflow, now=now)
        engine.advance_due(now)
        assert states(run)["e"] == "done"


def test_a_stop_skips_what_waits_and_tells_what_works(now: datetime) -> None:
    document = drawing([activity("s", "start"), activity("t", "trial"), activity("e", "end")], "s → t", "t → e")

    with trials(lambda context: Wait(context.now + MINUTE, {})) as trial:
        run = run_drawing(document, now=now)

        assert engine.stop_run(run, now=now)
        assert not engine.stop_run(run, now=now)

        assert (run.state, run.ended_at, trial.stops) == (RunState.STOPPED, now, ["t"])
        assert states(run) == {"s": "done", "t": "skipped", "e": "skipped"}
        assert engine.advance_due(now + MINUTE) == 0


def test_a_task_that_was_stopped_after_its_claim_is_not_carried_out(now: datetime, trial: type[Trial]) -> None:
    run, _created = services.run_now(make_workflow(ONE_TRIAL, now=now), now=now)
    RUN_MOVES.move(run, to=RunState.RUNNING)
    task = task_of(run, "t")
    assert claim(task, now=now)

    engine.stop_run(run, now=now)
    execute(task, definition=definition_of(run.version), now=now)

    assert (states(run)["t"], trial.executed, trial.stops) == ("skipped", [], ["t"])


def test_a_stop_that_was_cut_short_is_finished_by_the_sweep(now: datetime) -> None:
    with trials(lambda context: Wait(context.now + MINUTE, {})) as trial:
        run = run_drawing(ONE_TRIAL, now=now)
        RUN_MOVES.move(run, to=RunState.STOPPED, ended_at=now)

        assert engine.advance_due(now) == 1

        assert (states(run)["t"], trial.stops) == ("skipped", ["t"])


def test_nothing_of_a_cancelled_operation_starts(now: datetime, trial: type[Trial]) -> None:
    operation = make_operation()
    _workflow, run = started(ONE_TRIAL, now, operation=operation)
    operation.state = OperationState.CANCELLED
    operation.save()

    assert engine.advance(run.pk, now=now) == engine.advance_due(now) == 0
    assert states(run) == {"s": "waiting", "t": "waiting"}


# ---- the tables of moves


@pytest.mark.parametrize("machine", [RUN_MOVES, TASK_MOVES])
def test_final_states_are_left_by_nothing(machine: Any) -> None:
    final = [state for state, targets in machine.moves.items() if not targets]

    assert final
    assert all(not machine.allows(state, to) for state in final for to in machine.moves)
