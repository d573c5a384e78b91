"""What a schedule will do, while it is being edited: a sentence, the next runs in local time, and warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from common.errors import Invalid
from operations.models import Workflow
from operations.occurrences import (
    MONTH_LENGTHS,
    Schedule,
    clauses,
    local_instant,
    parse_crontab,
    too_frequent,
    validate_schedule,
)
from operations.schedule_words import policy_sentences, schedule_sentence
from operations.timetable import Timetable, end_of

RUNS = 10
MAXIMUM = 1_000_000
POLICIES = {"overlap": ("skip", "queue", "parallel"), "missed": ("latest", "all", "skip")}


def preview_document(given: Mapping[str, Any], *, workflow: Workflow, now: datetime) -> dict[str, Any]:
    """`{"sentence", "policies", "runs", "warnings"}`; with `error` (and nothing else of use) where it can't be read."""
    try:
        timetable = _timetable(given, workflow, now)
    except Invalid as error:
        return {"sentence": "", "policies": [], "runs": [], "warnings": [], "error": str(error)}
    count = RUNS if timetable.max_runs is None else min(RUNS, timetable.max_runs)
    runs = list(islice(timetable.instants(after=now), count))
    return {
        "sentence": schedule_sentence(timetable.schedule, timetable.zone.key),
        "policies": policy_sentences({**_policies(given), "grace_minutes": timetable.grace // timedelta(minutes=1)}),
        "runs": _lines(runs, timetable.zone, now),
        "warnings": list(_warnings(timetable, runs)),
    }


def _timetable(given: Mapping[str, Any], workflow: Workflow, now: datetime) -> Timetable:
    schedule, zone = given.get("schedule"), ZoneInfo(_zone(given, workflow))
    validate_schedule(schedule)
    assert isinstance(schedule, Mapping)  # It is valid.
    start, end = (str(given.get(key) or "") for key in ("valid_from", "valid_until"))
    anchor = local_instant(start, zone) if start else workflow.started_at or now
    limit = given.get("max_runs")
    grace = given.get("grace_minutes")
    return Timetable(
        schedule=schedule,
        zone=zone,
        anchor=anchor.astimezone(UTC),
        end=end_of(end, zone) if end else None,
        max_runs=None if limit is None else _count(limit, otherwise=RUNS),
        overlap=_policies(given)["overlap"],
        missed=_policies(given)["missed"],
        grace=timedelta(minutes=_count(grace, otherwise=60)),
    )


def _zone(given: Mapping[str, Any], workflow: Workflow) -> str:
    name = str(given.get("zone") or workflow.zone_name())
    if name not in available_timezones():
        raise Invalid(_("%(name)s is not a time zone such as Europe/Paris.") % {"name": name})
    return name


def _count(value: Any, *, otherwise: int) -> int:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAXIMUM
    return int(value) if is_count else otherwise


def _policies(given: Mapping[str, Any]) -> dict[str, str]:
    return {key: given[key] if given.get(key) in known else known[0] for key, known in POLICIES.items()}


def _lines(runs: list[datetime], zone: ZoneInfo, now: datetime) -> list[dict[str, Any]]:
    before = [now, *runs]
    return [
        {
            "instant": run.isoformat(),
            "local": f"{date_format(run.astimezone(zone), 'D j N Y')}, {run.astimezone(zone):%H:%M}",
            "utc": f"{run.astimezone(UTC):%H:%M} UTC",
            "is_past": False,
            "note": _clock_change(previous.astimezone(zone), run.astimezone(zone)),
        }
        for previous, run in zip(before, runs, strict=False)
    ]


def _clock_change(before: datetime, after: datetime) -> str:
    was, now = before.utcoffset(), after.utcoffset()
    if was == now or was is None or now is None:
        return ""
    values = {"before": before.tzname(), "after": after.tzname()}
    if now > was:
        return _("clock change: the clocks go forward, %(before)s becomes %(after)s") % values
    return _("clock change: the clocks go back, %(before)s becomes %(after)s") % values


def _warnings(timetable: Timetable, runs: list[datetime]) -> Iterator[str]:
    if too_frequent(timetable.schedule, timetable.zone):
        yield _("This schedule comes due more often than every 15 minutes.")
    if not runs:
        yield _("No run is left: the schedule is over.")
    missing = sorted(_missing_days(timetable.schedule))
    if missing:
        days = ", ".join(map(str, missing))
        yield _("Some months have no day %(days)s: nothing runs on it in them.") % {"days": days}


def _missing_days(schedule: Schedule) -> set[int]:
    """The chosen days of the month that a chosen month does not have."""
    crontabs = [parse_crontab(clause["crontab"]) for clause in clauses(schedule) if "crontab" in clause]
    return {
        day
        for crontab in crontabs
        if len(crontab.days) < max(MONTH_LENGTHS.values())
        for day in crontab.days
        # 29 February is every fourth year.
        if any(day > (28 if month == 2 else MONTH_LENGTHS[month]) for month in crontab.months)
    }
