"""What happened and what will: runs, planned runs, and what apps downstream add, between two instants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from common.registry import Registry
from operations.models import Activity, Program, RunState, Workflow, WorkflowRun, WorkflowState
from operations.timetable import MOMENT, runs_of, scheduler_types, timetable_of

# Of one scheduler, and of everything that ran: a calendar shows no more.
MOST_PLANNED = 100
MOST_RUNS = 1000


@dataclass(frozen=True)
class CalendarEvent:
    """`state` is what the badge shows (a member of a choices class); None for what is only planned."""

    at: datetime
    label: str
    # "run" or "delivery"
    kind: str
    url: str
    state: Any = None
    until: datetime | None = None
    # A figure or a word beside the label.
    detail: str = ""
    # From 0 to 1, of what is at work.
    share: float | None = None
    operation_id: int | None = None
    # The run that this is, or that made it.
    run_id: int | None = None

    @property
    def is_planned(self) -> bool:
        return self.state is None


@dataclass(frozen=True)
class Window:
    """[start, end), as seen at `now`; `program` keeps what belongs to one program."""

    start: datetime
    end: datetime
    now: datetime
    program: Program | None = None


calendar_sources: Registry[Callable[[Window], Iterable[CalendarEvent]]] = Registry("calendar sources")


def events(window: Window) -> list[CalendarEvent]:
    """Everything in the window, in order; the number of queries does not grow with it."""
    return sorted((event for source in calendar_sources for event in source(window)), key=lambda event: event.at)


@calendar_sources.register("runs")
def past_runs(window: Window) -> Iterator[CalendarEvent]:
    rows = WorkflowRun.objects.filter(scheduled_for__gte=window.start, scheduled_for__lt=window.end)
    rows = rows.exclude(state=RunState.SKIPPED)
    if window.program is not None:
        rows = rows.filter(workflow__operation__program=window.program)
    for run in rows.select_related("workflow").order_by("-scheduled_for")[:MOST_RUNS]:
        yield CalendarEvent(
            at=run.scheduled_for,
            label=run.workflow.label,
            kind="run",
            url=reverse("admin:operations_workflowrun_change", args=[run.pk]),
            state=RunState(run.state),
            until=run.ended_at,
            operation_id=run.workflow.operation_id,
            run_id=run.pk,
        )


@calendar_sources.register("planned runs")
def planned_runs(window: Window) -> Iterator[CalendarEvent]:
    start = max(window.start, window.now)
    if start >= window.end:
        return
    for scheduler in _started_schedulers(window.program):
        timetable = timetable_of(scheduler, now=window.now)
        most = MOST_PLANNED
        if timetable.max_runs is not None:
            most = min(most, max(timetable.max_runs - runs_of(scheduler), 0))
        for instant in islice(timetable.instants(after=start, until=window.end - MOMENT), most):
            yield _planned(scheduler, instant)


def next_runs(workflows: Iterable[Workflow], now: datetime) -> dict[int, datetime]:
    """The next instant of each started workflow that has one: one query for all of them."""
    numbers = [workflow.pk for workflow in workflows]
    found: dict[int, datetime] = {}
    for scheduler in _started_schedulers(None).filter(workflow__in=numbers):
        timetable = timetable_of(scheduler, now=now)
        if timetable.max_runs is not None and timetable.max_runs <= runs_of(scheduler):
            continue
        instant = next(timetable.instants(after=now), None)
        if instant is not None and (scheduler.workflow_id not in found or instant < found[scheduler.workflow_id]):
            found[scheduler.workflow_id] = instant
    return found


def _started_schedulers(program: Program | None) -> Any:
    rows = Activity.objects.filter(
        retired=False, type__in=scheduler_types(), workflow__state=WorkflowState.STARTED
    ).select_related("workflow__operation")
    return rows if program is None else rows.filter(workflow__operation__program=program)


def _planned(scheduler: Activity, instant: datetime) -> CalendarEvent:
    return CalendarEvent(
        at=instant,
        label=scheduler.workflow.label,
        kind="run",
        url=reverse("admin:operations_workflow_change", args=[scheduler.workflow_id]),
        detail=_("planned"),
        operation_id=scheduler.workflow.operation_id,
    )
