"""What is due: one run for every instant of a schedule that has come and has no row yet.

Any number of processes may call this at any time: the cursor is the last row, rows are unique, one process at a time
looks at a workflow. An instant older than the grace period is *missed*; the schedule says what becomes of it.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common.sentences import Sentence, columns
from common.sql import exclusive
from operations.models import Activity, RunLog, RunState, Workflow, WorkflowRun, WorkflowState, WorkflowVersion
from operations.models.run import ACTIVE_RUN_STATES
from operations.timetable import Timetable, runs_of, scheduler_types, timetable_of
from operations.workflow import engine
from operations.workflow.pump import pickers

logger = logging.getLogger("diffusion.schedules")

# What one look writes at most: the next look goes on from there.
BATCH = 1000


@pickers.register("scheduled_runs")
def start_due_runs(now: datetime) -> int:
    """Start what is due in every started workflow; return how many runs were started."""
    started = 0
    for activity in _schedulers():
        try:
            if _next_due(activity, now) is not None:
                started += _start_due_runs_of(activity.pk, now)
        except Exception:
            # One broken workflow must not stop the others.
            logger.exception("Scheduler %s of workflow %s could not be read.", activity.name, activity.workflow_id)
    return started


def _schedulers() -> Iterator[Activity]:
    rows = Activity.objects.filter(
        workflow__state=WorkflowState.STARTED,
        workflow__started_at__isnull=False,
        retired=False,
        type__in=scheduler_types(),
    )
    return iter(rows.select_related("workflow").order_by("pk"))


def _next_due(activity: Activity, now: datetime) -> datetime | None:
    return next(timetable_of(activity, now=now).instants(after=_cursor(activity), until=now.astimezone(UTC)), None)


def _cursor(activity: Activity) -> datetime | None:
    """The last instant that has a row. Runs started by hand don't count: they may lie in the future."""
    rows = WorkflowRun.objects.filter(workflow_id=activity.workflow_id, entry=activity.name, manual=False)
    return rows.order_by("-scheduled_for").values_list("scheduled_for", flat=True).first()


def _start_due_runs_of(activity_id: int, now: datetime) -> int:
    activity = Activity.objects.select_related("workflow").get(pk=activity_id)
    with exclusive(f"schedule:{activity.workflow_id}"):
        # The lock on the row makes a stop wait for this, or this see the stop.
        workflow = (
            Workflow.objects.select_for_update().filter(pk=activity.workflow_id, state=WorkflowState.STARTED).first()
        )
        drawn = Activity.objects.filter(pk=activity_id, retired=False).first()
        if workflow is None or drawn is None:
            return 0
        drawn.workflow = workflow
        return _Branch(drawn, timetable_of(drawn, now=now), now.astimezone(UTC)).start()


@dataclass
class _Late:
    """The missed instants: the first ones, and enough to name the rest."""

    first: list[datetime] = field(default_factory=list)
    count: int = 0
    last_two: deque[datetime] = field(default_factory=lambda: deque(maxlen=2))

    def add(self, instant: datetime) -> None:
        self.count += 1
        self.last_two.append(instant)
        if len(self.first) < BATCH:
            self.first.append(instant)


class _Branch:
    """One scheduler's branch, looked at under the workflow's lock."""

    def __init__(self, activity: Activity, timetable: Timetable, now: datetime) -> None:
        self.activity = activity
        self.timetable = timetable
        self.now = now
        self.left = None if timetable.max_runs is None else timetable.max_runs - runs_of(activity)
        # Under "all", a backlog is no overlap: its runs wait for one another.
        self.catching_up = False

    def start(self) -> int:
        if self.left is not None and self.left <= 0:
            return 0
        due = self._due()
        if self.timetable.missed == "all":
            return self._catch_up(list(islice(due, BATCH)))
        late, fresh = self._split(due)
        newest = late.last_two[-1] if late.count and not fresh and self.timetable.missed == "latest" else None
        self._skip_missed(late, newest)
        started = self._run(newest, late=True) if newest else 0
        return started + sum(self._run(instant, late=False) for instant in fresh)

    def _catch_up(self, backlog: list[datetime]) -> int:
        self.catching_up = len(backlog) > 1 or any(map(self._is_late, backlog))
        return sum(self._run(instant, late=self._is_late(instant)) for instant in backlog)

    def _due(self) -> Iterator[datetime]:
        cursor = _cursor(self.activity)
        taken = WorkflowRun.objects.filter(
            workflow_id=self.activity.workflow_id, entry=self.activity.name, scheduled_for__lte=self.now
        )
        taken = taken.filter(scheduled_for__gt=cursor) if cursor else taken
        known = set(taken.values_list("scheduled_for", flat=True))
        return (instant for instant in self.timetable.instants(after=cursor, until=self.now) if instant not in known)

    def _is_late(self, instant: datetime) -> bool:
        return self.now - instant > self.timetable.grace

    def _split(self, due: Iterator[datetime]) -> tuple[_Late, list[datetime]]:
        late = _Late()
        fresh: list[datetime] = []
        for instant in due:
            if self._is_late(instant):
                late.add(instant)
            elif len(fresh) < BATCH:
                fresh.append(instant)
        return late, fresh

    def _skip_missed(self, late: _Late, newest: datetime | None) -> None:
        reason = _("Missed: nothing looked at the schedule within %(minutes)d minutes of this instant.") % {
            "minutes": self.timetable.grace.total_seconds() // 60
        }
        self._write_skipped([instant for instant in late.first if instant != newest], reason)
        rest = late.count - len(late.first) - (1 if newest else 0)
        if rest > 0:
            last = late.last_two[0] if newest else late.last_two[-1]
            more = _("Missed, like the %(count)d instants before this one that have no row of their own.")
            self._write_skipped([last], more % {"count": rest - 1})

    def _write_skipped(self, instants: list[datetime], reason: str) -> None:
        version = WorkflowVersion.objects.get(
            workflow_id=self.activity.workflow_id, number=self.activity.workflow.version
        )
        rows = [
            WorkflowRun(
                workflow_id=self.activity.workflow_id,
                version=version,
                entry=self.activity.name,
                scheduled_for=instant,
                state=RunState.SKIPPED,
                error=reason,
                ended_at=self.now,
            )
            for instant in instants
        ]
        WorkflowRun.objects.bulk_create(rows, ignore_conflicts=True)

    def _run(self, instant: datetime, *, late: bool) -> int:
        if self.left is not None and self.left <= 0:
            return 0
        after, reason = self._place(self._active())
        if reason:
            self._write_skipped([instant], reason)
            return 0
        run, created = engine.create_run(
            self.activity.workflow,
            entry=self.activity.name,
            scheduled_for=instant,
            manual=False,
            now=self.now,
            vars={"_after": after} if after else None,
        )
        if not created:
            return 0
        if late:
            self._say_late(run)
        if self.left is not None:
            self.left -= 1
        return 1

    def _active(self) -> list[WorkflowRun]:
        rows = WorkflowRun.objects.filter(
            workflow_id=self.activity.workflow_id, entry=self.activity.name, state__in=ACTIVE_RUN_STATES
        )
        return list(rows.only("pk", "state", "vars").order_by("pk"))

    def _place(self, active: list[WorkflowRun]) -> tuple[int | None, str]:
        """After which run this one starts, and why it does not start at all."""
        if not active or self.timetable.overlap == "parallel":
            return None, ""
        last = active[-1].pk
        if self.catching_up:
            return last, ""
        if self.timetable.overlap == "skip":
            return None, _("Skipped: run #%(run)d of this branch was still at work.") % {"run": active[0].pk}
        working = {run.pk for run in active}
        waiting = [run.pk for run in active if run.vars.get("_after") in working]
        if waiting:
            return None, _("Skipped: run #%(run)d of this branch was already waiting.") % {"run": waiting[0]}
        return last, ""

    def _say_late(self, run: WorkflowRun) -> None:
        minutes = int((self.now - run.scheduled_for).total_seconds() // 60)
        late = Sentence(gettext_noop("This run is late: it was due %(minutes)d minutes ago."), {"minutes": minutes})
        RunLog.objects.create(run=run, at=self.now, level=RunLog.Level.WARNING, **columns(late))
