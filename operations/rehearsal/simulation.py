"""The coming runs of a workflow, one after the other on simulated time, in a transaction that is undone."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from django.db import transaction

from operations.models import Activity, RunState, TaskState, WorkflowRun, WorkflowVersion
from operations.models.run import ACTIVE_RUN_STATES
from operations.rehearsal.report import run_report, skipped_report
from operations.rehearsal.shadow import make_shadow, run_variables
from operations.timetable import runs_of, timetable_of
from operations.workflow import engine
from operations.workflow.document import definition_of
from operations.workflow.graph import entries

# More runs than that tell nobody more.
MAXIMUM_RUNS = 400
# (runs done, runs planned)
Progress = Callable[[int, int], None]


class _Undone(Exception):
    """Ends the transaction: nothing of a rehearsal is kept but its report."""


@dataclass(order=True)
class _Event:
    """A run starts (`run_id` is None), or one that waits is looked at again."""

    at: datetime
    number: int
    entry: str = field(compare=False)
    run_id: int | None = field(compare=False, default=None)


def simulate(
    version: WorkflowVersion, *, starts_at: datetime, ends_at: datetime, progress: Progress = lambda done, planned: None
) -> dict[str, Any]:
    """`{"runs": [report…], "truncated": bool, "suspended": bool}`; see `report.py`.

    A task that fails ends the rehearsal, as it would suspend the workflow.
    """
    theatre = _Theatre(version, starts_at, ends_at, progress)
    try:
        with transaction.atomic():
            theatre.play()
            raise _Undone
    except _Undone:
        return theatre.result()


class _Theatre:
    def __init__(self, version: WorkflowVersion, starts_at: datetime, ends_at: datetime, progress: Progress) -> None:
        self.version, self.starts_at, self.ends_at, self.progress = version, starts_at, ends_at, progress
        self.numbers = count()
        self.events: list[_Event] = []
        self.runs: list[int] = []
        self.skipped: list[dict[str, Any]] = []
        self.reports: list[dict[str, Any]] = []
        self.truncated = False
        self.suspended = False

    def play(self) -> None:
        self.shadow = make_shadow(self.version)
        self._plan()
        planned = len(self.events)
        while self.events and not self.suspended:
            event = heapq.heappop(self.events)
            self._start(event) if event.run_id is None else self._go_on(event.run_id, event.at)
            self.progress(len(self.runs) + len(self.skipped), planned)
        self.reports = [run_report(number) for number in self.runs]

    def result(self) -> dict[str, Any]:
        runs = sorted([*self.reports, *self.skipped], key=lambda report: str(report["scheduled_for"]))
        return {"runs": runs, "truncated": self.truncated, "suspended": self.suspended}

    def _plan(self) -> None:
        for entry in entries(definition_of(self.version)):
            instants = self._instants(entry) if entry else [self.starts_at]
            self.events += [_Event(instant, next(self.numbers), entry) for instant in instants]
        heapq.heapify(self.events)
        self.truncated = len(self.events) > MAXIMUM_RUNS
        self.events = heapq.nsmallest(MAXIMUM_RUNS, self.events)

    def _instants(self, entry: str) -> list[datetime]:
        scheduler = Activity.objects.select_related("workflow").get(workflow=self.version.workflow, name=entry)
        timetable = timetable_of(scheduler, now=self.starts_at)
        left = MAXIMUM_RUNS + 1
        if timetable.max_runs is not None:
            left = max(timetable.max_runs - runs_of(scheduler), 0)
        found = timetable.instants(after=self.starts_at, until=self.ends_at)
        return [instant for instant, _place in zip(found, range(left), strict=False)]

    def _start(self, event: _Event) -> None:
        earlier = self._at_work(event.entry)
        overlap = self._overlap(event.entry)
        if earlier is not None and overlap == "skip":
            self.skipped.append(skipped_report(event.entry, event.at))
            return
        variables: dict[str, Any] = dict(run_variables(self.version.workflow))
        if earlier is not None and overlap == "queue":
            variables["_after"] = earlier
        run, _created = engine.create_run(
            self.shadow, entry=event.entry, scheduled_for=event.at, manual=False, now=event.at, vars=variables
        )
        self.runs.append(run.pk)
        self._go_on(run.pk, event.at)

    def _at_work(self, entry: str) -> int | None:
        active = WorkflowRun.objects.filter(workflow=self.shadow, entry=entry, state__in=ACTIVE_RUN_STATES)
        return active.order_by("-pk").values_list("pk", flat=True).first()

    def _overlap(self, entry: str) -> str:
        config = definition_of(self.version).nodes[entry].config if entry else {}
        return str(config.get("overlap", "skip"))

    def _go_on(self, run_id: int, at: datetime) -> None:
        engine.advance(run_id, now=at)
        self._wake_followers(run_id, at)
        run = WorkflowRun.objects.get(pk=run_id)
        self.suspended = self.suspended or run.state == RunState.FAILED
        waiting = run.tasks.filter(state=TaskState.RUNNING, resume_at__gt=at, resume_at__lte=self.ends_at)
        next_look = waiting.order_by("resume_at").values_list("resume_at", flat=True).first()
        if next_look is not None:
            heapq.heappush(self.events, _Event(next_look, next(self.numbers), run.entry, run_id))

    def _wake_followers(self, run_id: int, at: datetime) -> None:
        """The run that queues behind this one starts when this one is over."""
        if WorkflowRun.objects.filter(pk=run_id, state__in=ACTIVE_RUN_STATES).exists():
            return
        followers = WorkflowRun.objects.filter(workflow=self.shadow, state=RunState.WAITING, vars___after=run_id)
        for follower in followers.values_list("pk", flat=True):
            self._go_on(follower, at)
