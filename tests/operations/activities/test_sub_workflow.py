from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest

from operations import services
from operations.models import RunState, TaskState, Workflow, WorkflowRun, WorkflowState
from operations.workflow import engine
from operations.workflow.definition import InvalidDefinition
from operations.workflow.exchange import export_document, import_document
from tests.factories import make_recipients
from tests.operations.factories import (
    activity,
    drawing,
    left_by,
    make_list,
    make_operation,
    make_workflow,
    numbers,
    people_of,
    run_once,
    task_of,
)
from tests.operations.workflow.trials import trials

pytestmark = pytest.mark.django_db


def make_child(now: datetime, *activities: dict[str, Any], lines: tuple[str, ...], **values: Any) -> Workflow:
    return make_workflow(drawing(activities, *lines), now=now, label="Child", **values)


def start_to_end(now: datetime, *between: dict[str, Any], **values: Any) -> Workflow:
    names = ["in", *(entry["name"] for entry in between), "out"]
    lines = tuple(f"{first} → {second}" for first, second in itertools.pairwise(names))
    return make_child(now, activity("in", "start"), *between, activity("out", "end"), lines=lines, **values)


def make_parent(now: datetime, child: Workflow, people: Any = (), **config: Any) -> Workflow:
    document = drawing(
        [
            *people_of(make_list(people)),
            activity("sub", "sub_workflow", workflow=child.pk, **config),
            activity("done", "end"),
        ],
        "a → sub",
        "sub → done",
    )
    return make_workflow(document, now=now, label="Parent")


def carry_on(run: WorkflowRun, now: datetime) -> None:
    """As the sweeps would: until nothing is to be done now."""
    while engine.advance_due(now):
        pass
    run.refresh_from_db()


def run_parent(parent: Workflow, now: datetime) -> WorkflowRun:
    run = run_once(parent, now=now)
    carry_on(run, now)
    return run


def child_of(run: WorkflowRun) -> WorkflowRun:
    return WorkflowRun.objects.get(parent_task__run=run)


def test_people_go_in_at_the_start_and_those_who_reach_the_end_come_out(now: datetime) -> None:
    ada, bob = make_recipients(2)
    split = activity("split", "split", subsets=[{"name": "one", "limit": {"count": 1}, "order_by": "id"}])
    child = make_child(
        now, activity("in", "start"), split, activity("out", "end"), lines=("in → split", "split.one → out")
    )

    run = run_parent(make_parent(now, child, [ada, bob]), now)

    assert (run.state, child_of(run).state) == (RunState.FINISHED, RunState.FINISHED)
    assert (left_by(child_of(run), "in"), left_by(run, "sub")) == (numbers([ada, bob]), [ada.pk])
    child.refresh_from_db()
    assert child.state == WorkflowState.EDITED


def test_free_points_of_jumps_are_entry_and_exit(now: datetime) -> None:
    people = make_recipients(2)
    points = [
        activity("second", "jump", kind="end", number=5),
        activity("first", "jump", kind="end", number=2),
        activity("early", "jump", kind="start", number=7),
        activity("late", "jump", kind="start", number=8),
        activity("aside", "jump", kind="start", number=3),
        activity("inner", "jump", kind="end", number=3),
        activity("stop", "end"),
    ]
    child = make_child(now, *points, lines=("second → early", "first → late", "first → aside", "inner → stop"))

    run = run_parent(make_parent(now, child, people), now)
    other = run_parent(make_parent(now, child, people, entry="second"), now)

    assert left_by(run, "sub") == numbers(people)
    assert task_of(child_of(run), "second").memo["fired"] == {"out": None}
    assert task_of(other, "sub").memo["fired"] == {"out": None}


def test_a_child_that_waits_is_waited_for(now: datetime) -> None:
    people = make_recipients(1)
    child = start_to_end(now, activity("w", "wait", duration=2, unit="days"))
    run = run_parent(make_parent(now, child, people), now)
    assert (run.state, task_of(run, "sub").state) == (RunState.RUNNING, TaskState.RUNNING)

    carry_on(run, now + timedelta(days=2))

    assert left_by(run, "sub") == numbers(people)


def test_its_log_is_repeated_in_that_of_the_parent(now: datetime) -> None:
    run = run_parent(make_parent(now, start_to_end(now)), now)

    texts = [line.text for line in run.log.filter(task=task_of(run, "sub"))]
    assert "Child › “in” starts." in texts
    assert any("sub-workflow “Child” begins" in text for text in texts)


def test_its_failure_is_that_of_the_task_and_the_child_goes_on_where_it_failed(now: datetime) -> None:
    people = make_recipients(1)
    with trials(lambda context: 1 / 0) as trial:
        child = start_to_end(now, activity("bad", "trial"))
        parent = make_parent(now, child, people)
        services.start_workflow(parent, now=now)
        run = parent.runs.get()
        carry_on(run, now)
        parent.refresh_from_db()

        assert "The sub-workflow “Child” failed: bad: Unexpected error" in task_of(run, "sub").error
        assert (parent.state, parent.failed, child_of(run).state) == (WorkflowState.PAUSED, True, RunState.FAILED)

        trial.script = None
        services.resume_workflow(parent, now=now)
        carry_on(run, now)
        assert trial.executed == ["bad", "bad"]
    assert (run.state, left_by(run, "sub")) == (RunState.FINISHED, numbers(people))


def test_it_is_paused_resumed_and_stopped_with_the_parent(now: datetime) -> None:
    child = start_to_end(now, activity("w", "wait", duration=1, unit="minutes"))
    parent = make_parent(now, child)
    services.start_workflow(parent, now=now)
    run = parent.runs.get()
    carry_on(run, now)

    services.pause_workflow(parent, now=now)
    assert child_of(run).state == RunState.PAUSED
    assert engine.advance_due(now + timedelta(minutes=5)) == 0
    services.resume_workflow(parent, now=now)
    assert child_of(run).state == RunState.RUNNING
    services.stop_workflow(parent, now=now)
    assert child_of(run).state == RunState.STOPPED


def test_one_that_is_stopped_alone_fails_the_task_and_is_run_again_when_it_is_resumed(now: datetime) -> None:
    child = start_to_end(now, activity("w", "wait", duration=1, unit="days"))
    parent = make_parent(now, child)
    services.start_workflow(parent, now=now)
    run = parent.runs.get()
    carry_on(run, now)

    services.stop_workflow(child, now=now)
    later = now + timedelta(minutes=2)
    carry_on(run, later)
    assert task_of(run, "sub").error == "The sub-workflow “Child” was stopped."

    services.resume_workflow(parent, now=later)
    carry_on(run, later)
    carry_on(run, later + timedelta(days=2))
    states = WorkflowRun.objects.filter(parent_task__run=run).order_by("pk").values_list("state", flat=True)
    assert (run.state, list(states)) == (RunState.FINISHED, [RunState.STOPPED, RunState.FINISHED])


def test_a_task_whose_process_died_makes_no_second_run(now: datetime) -> None:
    child = start_to_end(now, activity("w", "wait", duration=1, unit="days"))
    run = run_parent(make_parent(now, child), now)
    task = task_of(run, "sub")
    run.tasks.filter(pk=task.pk).update(resume_at=None, lease_until=now)

    carry_on(run, now + timedelta(hours=1))

    assert WorkflowRun.objects.filter(parent_task=task).count() == 1


def test_two_parents_may_run_one_child_for_the_same_instant(now: datetime) -> None:
    child = start_to_end(now)
    first, second = (run_parent(make_parent(now, child), now) for _number in range(2))

    assert (first.state, second.state) == (RunState.FINISHED, RunState.FINISHED)


def test_variables_go_with_the_people(now: datetime) -> None:
    conditions = [{"name": "yes", "when": "vars.colour == 'blue'"}]
    child = make_child(
        now,
        activity("in", "start"),
        activity("t", "test", conditions=conditions),
        activity("out", "end"),
        lines=("in → t", "t.yes → out"),
    )
    people = make_recipients(1)
    parent = make_parent(now, child, people)
    run, _created = services.run_now(parent, now=now)
    WorkflowRun.objects.filter(pk=run.pk).update(vars={"colour": "blue"})

    carry_on(run, now)

    assert left_by(run, "sub") == numbers(people)


def test_a_workflow_never_runs_itself(now: datetime) -> None:
    inner = start_to_end(now)
    outer = start_to_end(now, activity("sub", "sub_workflow", workflow=inner.pk))

    for child in (inner, outer):
        document = drawing([activity("in", "start"), activity("sub", "sub_workflow", workflow=child.pk)], "in → sub")
        with pytest.raises(InvalidDefinition, match="can't run itself"):
            services.save_definition(inner, document, now=now)


def test_a_circle_that_was_drawn_meanwhile_fails_the_task(now: datetime) -> None:
    inner = start_to_end(now)
    outer = start_to_end(now, activity("sub", "sub_workflow", workflow=inner.pk))
    circle = drawing(
        [activity("in", "start"), activity("sub", "sub_workflow", workflow=outer.pk), activity("out", "end")],
        "in → sub",
        "sub → out",
    )
    run, _created = services.run_now(outer, now=now)
    # As two people who save at the same moment may do it.
    version = inner.versions.get(number=inner.version)
    version.definition = circle
    version.save()
    inner.activities.create(name="sub", type="sub_workflow", config={"workflow": outer.pk})

    carry_on(run, now)

    assert "can't run itself" in run.error


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({}, "workflow"),
        ({"workflow": 0}, "There is no workflow 0"),
        ({"workflow": "child", "entry": "out"}, "no entry of this workflow; there are in"),
        ({"workflow": "scheduled"}, "runs only by its schedule"),
        ({"workflow": "empty"}, "is empty"),
    ],
)
def test_a_faulty_configuration_is_refused(config: dict[str, Any], why: str, now: datetime) -> None:
    scheduler = activity("s", "scheduler", schedule={"crontab": "0 6 * * *"})
    rows = {
        "child": start_to_end(now),
        "scheduled": make_child(now, scheduler, activity("e", "end"), lines=("s → e",)),
        "empty": make_workflow(now=now),
    }
    named = config.get("workflow")
    given = {**config, "workflow": rows[named].pk} if named in rows else config

    with pytest.raises(InvalidDefinition, match=why):
        make_workflow(drawing([activity("sub", "sub_workflow", **given)]), now=now)


def test_it_travels_by_internal_name(now: datetime) -> None:
    child = start_to_end(now, internal_name="cleaning")
    parent = make_parent(now, child)

    text = export_document(parent)
    copy = make_workflow(now=now)
    import_document(copy, text)

    assert "workflow: cleaning" in text
    assert copy.activities.get(name="sub").config["workflow"] == child.pk


def test_it_ends_with_a_cancelled_operation(now: datetime) -> None:
    operation = make_operation()
    child = start_to_end(now, activity("w", "wait", duration=1, unit="days"), operation=operation)
    run = run_parent(make_parent(now, child), now)

    services.cancel_operation(operation=operation, now=now)
    carry_on(run, now + timedelta(minutes=2))

    assert "was stopped" in run.error
