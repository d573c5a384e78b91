"""A scheduler's settings as a value: which instants belong to it, and what happens to late ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from operations.models import Activity, RunState, WorkflowRun
from operations.occurrences import Schedule, instants, local_instant
from operations.workflow.registry import activity_types

MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Timetable:
    """The instants are those of the schedule in [anchor, end)."""

    schedule: Schedule
    zone: ZoneInfo
    anchor: datetime
    end: datetime | None
    max_runs: int | None
    overlap: str
    missed: str
    grace: timedelta

    def instants(self, *, after: datetime | None = None, until: datetime | None = None) -> Iterator[datetime]:
        """The instants in (after, until]; without `after`, from the anchor on, itself included."""
        start = self.anchor - MOMENT if after is None else after
        found = instants(self.schedule, zone=self.zone, anchor=self.anchor, after=start, until=until)
        return takewhile(lambda instant: self.end is None or instant < self.end, found)


def timetable_of(activity: Activity, *, now: datetime) -> Timetable:
    """The anchor is `valid_from`, else the start of the workflow; `now` stands for it in one that was never started."""
    config, workflow = activity.config, activity.workflow
    zone = ZoneInfo(workflow.zone_name())
    start = config.get("valid_from")
    return Timetable(
        schedule=config["schedule"],
        zone=zone,
        anchor=local_instant(start, zone) if start else (workflow.started_at or now).astimezone(UTC),
        end=end_of(config["valid_until"], zone) if config.get("valid_until") else None,
        max_runs=config.get("max_runs"),
        overlap=config.get("overlap", "skip"),
        missed=config.get("missed", "latest"),
        grace=timedelta(minutes=config.get("grace_minutes", 60)),
    )


def end_of(text: str, zone: ZoneInfo) -> datetime:
    """The first instant that is too late: the given one, or the midnight after a day given without a time."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return local_instant(text, zone)
    return local_instant((day + timedelta(days=1)).isoformat(), zone)


def scheduler_types() -> list[str]:
    return [code for code, activity_type in activity_types.items() if activity_type.is_scheduler]


def runs_of(activity: Activity) -> int:
    """How many of the schedule's own instants ran, or are about to."""
    rows = WorkflowRun.objects.filter(workflow_id=activity.workflow_id, entry=activity.name, manual=False)
    return rows.exclude(state=RunState.SKIPPED).count()


def next_instants(activity: Activity, now: datetime, count: int = 10) -> list[datetime]:
    """The next instants at which this scheduler starts a run, as far as it may still run."""
    timetable = timetable_of(activity, now=now)
    if timetable.max_runs is not None:
        count = min(count, max(timetable.max_runs - runs_of(activity), 0))
    return list(islice(timetable.instants(after=now), count))
