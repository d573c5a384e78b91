"""Random drawings, random deaths: the sets are those that plain Python computes, and moves are only legal ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import IllegalState
from operations import services
from operations.models import ActivityRun, RunState, TaskState, WorkflowRun, WorkflowState
from operations.models.run import RUN_MOVES, TASK_MOVES
from operations.models.workflow import WORKFLOW_MOVES
from operations.workflow import engine, populations
from operations.workflow.base import ActivityFailed, Done, TaskContext
from operations.workflow.execution import LEASE
from tests.factories import make_recipients
from tests.operations.factories import activity, drawing, left_by, make_list, make_workflow
from tests.operations.workflow.trials import ProcessDied, trials

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 10, 6, 4, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PEOPLE = 6
MANY = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
Sets = list[set[int]]
Layer = tuple[str, list[int]]


class Undo(Exception):
    """Takes an example's rows back."""


@st.composite
def drawings(draw: st.DrawFn) -> tuple[Sets, list[Layer]]:
    """Lists of people, then activities that each take some of what is above them; the first source is the main one."""
    sets = draw(st.lists(st.sets(st.integers(0, PEOPLE - 1)), min_size=1, max_size=4))
    layers: list[Layer] = []
    for number in range(draw(st.integers(1, 6))):
        above = st.integers(0, len(sets) + number - 1)
        kind = draw(st.sampled_from(["union", "intersection", "exclusion", "trial"]))
        least, most = {"trial": (1, 1), "union": (1, 4)}.get(kind, (2, 4))
        if len(sets) + number < least:
            kind, least, most = "trial", 1, 1
        layers.append((kind, draw(st.lists(above, min_size=least, max_size=most, unique=True))))
    return sets, layers


def expected(sets: Sets, layers: list[Layer]) -> Sets:
    found = [set(people) for people in sets]
    for kind, sources in layers:
        main, *others = [found[source] for source in sources]
        computed = {
            "union": main.union(*others),
            "intersection": main.intersection(*others),
            "exclusion": main.difference(*others),
            "trial": main,
        }
        found.append(set(computed[kind]))
    return found


def draw_workflow(sets: Sets, layers: list[Layer], people: list[Any]) -> Any:
    activities = [
        activity(f"n{number}", "read_list", list=make_list([people[person] for person in sorted(chosen)]).pk)
        for number, chosen in enumerate(sets)
    ]
    arrows = []
    for number, (kind, sources) in enumerate(layers, start=len(sets)):
        config = {"main": f"n{sources[0]}"} if kind == "exclusion" else {}
        activities.append(activity(f"n{number}", kind, **config))
        arrows += [f"n{source} → n{number}" for source in sources]
    followed = {source for _kind, sources in layers for source in sources}
    ends = [f"n{number} → end" for number in range(len(activities)) if number not in followed]
    return make_workflow(drawing([*activities, activity("end", "end")], *arrows, *ends), now=NOW)


def sets_of(run: WorkflowRun, count: int, people: list[Any]) -> Sets:
    places = {person.pk: number for number, person in enumerate(people)}
    return [{places[number] for number in left_by(run, f"n{task}")} for task in range(count)]


@MANY
@given(drawn=drawings())
def test_the_engine_computes_the_sets_that_python_computes(drawn: tuple[Sets, list[Layer]]) -> None:
    sets, layers = drawn
    with trials(), pytest.raises(Undo), transaction.atomic():
        people = make_recipients(PEOPLE)
        workflow = draw_workflow(sets, layers, people)
        services.start_workflow(workflow, now=NOW)
        engine.advance_due(NOW)

        run = workflow.runs.get()
        assert run.state == RunState.FINISHED
        assert sets_of(run, len(sets) + len(layers), people) == expected(sets, layers)
        raise Undo


@MANY
@given(drawn=drawings(), faults=st.lists(st.sampled_from(["die", "die late", "fail", "go on"]), max_size=12))
def test_deaths_and_failures_do_not_change_the_result(drawn: tuple[Sets, list[Layer]], faults: list[str]) -> None:
    sets, layers = drawn
    left = list(faults)

    def script(context: TaskContext) -> Done:
        fault = left.pop() if left else "go on"
        if fault == "die":
            raise ProcessDied
        stored = populations.store(context.task, "out", populations.members(context.required_population()))
        if fault == "die late":
            raise ProcessDied
        if fault == "fail":
            raise ActivityFailed("again, please")
        return Done({"out": stored})

    with trials(script), pytest.raises(Undo), transaction.atomic():
        people = make_recipients(PEOPLE)
        workflow = draw_workflow(sets, layers, people)
        services.start_workflow(workflow, now=NOW)
        run = advance_through_faults(workflow, len(faults))

        assert run.state == RunState.FINISHED
        assert sets_of(run, len(sets) + len(layers), people) == expected(sets, layers)
        assert not ActivityRun.objects.filter(run=run).exclude(state__in=[TaskState.DONE, TaskState.SKIPPED]).exists()
        raise Undo


def advance_through_faults(workflow: Any, faults: int) -> WorkflowRun:
    run: WorkflowRun = workflow.runs.get()
    for look in range(2 * faults + 2):
        now = NOW + look * LEASE
        try:
            # What died is rolled back up to the last commit, which here is a savepoint.
            engine.advance(run.pk, now=now)
        except ProcessDied:
            continue
        workflow.refresh_from_db()
        if workflow.state == WorkflowState.PAUSED:
            services.resume_workflow(workflow, now=now)
    run.refresh_from_db()
    return run


@MANY
@given(actions=st.lists(st.sampled_from(["start", "pause", "resume", "stop", "run", "advance", "break"]), max_size=12))
def test_workflows_runs_and_tasks_make_only_legal_moves(actions: list[str]) -> None:
    broken: list[bool] = []

    def script(context: TaskContext) -> None:
        if broken and broken.pop():
            raise ActivityFailed("broken")

    with trials(script), pytest.raises(Undo), transaction.atomic():
        workflow = make_workflow(drawing([activity("s", "start"), activity("t", "trial")], "s → t"), now=NOW)
        before = snapshot(workflow)
        for number, action in enumerate(actions):
            now = NOW + number * MINUTE
            act(workflow, action, broken, now)
            after = snapshot(workflow)
            assert_legal(before, after)
            before = after
        raise Undo


def act(workflow: Any, action: str, broken: list[bool], now: datetime) -> None:
    if action == "break":
        broken.append(True)
        return
    if action == "advance":
        engine.advance_due(now)
        return
    service = {
        "start": services.start_workflow,
        "pause": services.pause_workflow,
        "resume": services.resume_workflow,
        "stop": services.stop_workflow,
        "run": services.run_now,
    }[action]
    try:
        service(workflow, now=now)  # type: ignore[operator]
    except IllegalState:
        return


Snapshot = dict[tuple[str, int], int]


def snapshot(workflow: Any) -> Snapshot:
    workflow.refresh_from_db()
    runs = workflow.runs.values_list("pk", "state")
    tasks = ActivityRun.objects.filter(run__workflow=workflow).values_list("pk", "state")
    return {
        ("workflow", workflow.pk): workflow.state,
        **{("run", number): state for number, state in runs},
        **{("task", number): state for number, state in tasks},
    }


def assert_legal(before: Snapshot, after: Snapshot) -> None:
    machines = {"workflow": WORKFLOW_MOVES, "run": RUN_MOVES, "task": TASK_MOVES}
    for (kind, number), state in before.items():
        assert after[kind, number] in reachable(machines[kind], state)
    # A workflow is at work exactly as long as something may still happen in it.
    assert not (after_states(after, "workflow") == {WorkflowState.FINISHED} and after_states(after, "task") & {1})


def reachable(machine: Any, state: int) -> set[int]:
    """The state itself, and all that legal moves lead to: one action may make several."""
    found = {state}
    while True:
        grown = reduce(set.union, (set(machine.moves[known]) for known in found), set(found))
        if grown == found:
            return found
        found = grown


def after_states(states: Snapshot, kind: str) -> set[int]:
    return {state for (which, _number), state in states.items() if which == kind}
