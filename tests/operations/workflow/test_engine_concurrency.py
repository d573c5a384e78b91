"""Several processes at one run: on PostgreSQL, where they really run at the same time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier, Event
from time import sleep

import pytest
from django.db import connection, connections

from operations import services
from operations.models import Population, RunState, WorkflowRun
from operations.workflow import engine
from operations.workflow.base import TaskContext, Wait
from operations.workflow.execution import LEASE
from tests.factories import make_recipients
from tests.operations.factories import EVERYONE, activity, drawing, make_workflow, run_once
from tests.operations.workflow.trials import trials

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
]
PROCESSES = 4
BRANCHES = "abcdef"
WIDE = drawing(
    [
        activity("q", "query", filter=EVERYONE),
        *(activity(name, "trial") for name in BRANCHES),
        activity("u", "union"),
        activity("end", "end"),
    ],
    *(f"q → {name}" for name in BRANCHES),
    *(f"{name} → u" for name in BRANCHES),
    "u → end",
)
ALONE = drawing([activity("s", "start"), activity("t", "trial")], "s → t")


def together(work: Callable[[], object]) -> None:
    barrier = Barrier(PROCESSES)

    def one() -> None:
        barrier.wait()
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(PROCESSES) as pool:
        for future in [pool.submit(one) for _number in range(PROCESSES)]:
            future.result()


def test_each_task_is_carried_out_by_one_process(now: datetime) -> None:
    make_recipients(20)

    with trials(lambda context: sleep(0.01)) as trial:
        workflow = make_workflow(WIDE, now=now)
        services.start_workflow(workflow, now=now)
        together(lambda: engine.advance_due(now))
        engine.advance_due(now)

        run = workflow.runs.get()
        assert run.state == RunState.FINISHED
        assert Counter(trial.executed) == Counter(BRANCHES)
        assert Population.objects.filter(task__run=run).count() == 2
        assert run.log.filter(message="The run is finished.").count() == 1


def test_an_instant_that_is_asked_for_by_many_has_one_run(now: datetime) -> None:
    with trials():
        workflow = make_workflow(ALONE, now=now)

        together(lambda: services.run_now(workflow, now=now))

        assert WorkflowRun.objects.count() == 1
        assert WorkflowRun.objects.get().tasks.count() == 2


def test_a_task_that_takes_longer_than_its_lease_is_left_to_its_process(now: datetime) -> None:
    working, over = Event(), Event()

    def script(context: TaskContext) -> None:
        working.set()
        assert over.wait(timeout=20)

    def slow() -> None:
        try:
            engine.advance_due(now)
        finally:
            connections.close_all()

    with trials(script) as trial, ThreadPoolExecutor(1) as pool:
        workflow = make_workflow(ALONE, now=now)
        services.start_workflow(workflow, now=now)
        future = pool.submit(slow)
        assert working.wait(timeout=20)
        try:
            engine.advance_due(now + 2 * LEASE)
        finally:
            over.set()
        future.result()

        assert trial.executed == ["t"]
        assert workflow.runs.get().state == RunState.FINISHED


def test_stops_and_wakes_from_everywhere_end_the_run_once(now: datetime) -> None:
    with trials(lambda context: Wait(context.now + LEASE, {})) as trial:
        run = run_once(make_workflow(ALONE, now=now), now=now)
        task = run.tasks.get(name="t")

        def work() -> None:
            engine.wake(task.pk, now=now)
            engine.stop_run(WorkflowRun.objects.get(pk=run.pk), now=now)

        together(work)

        run.refresh_from_db()
        assert (run.state, run.tasks.get(name="t").get_state_display()) == (RunState.STOPPED, "Skipped")
        assert run.log.filter(message="The run is stopped.").count() == 1
        assert set(trial.stops) == {"t"}
