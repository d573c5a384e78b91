"""When: the instants of a schedule, computed from nothing but the schedule, a zone and an anchor.

A schedule is `{"crontab": "m h dom mon dow"}`, `{"every": n, "period": …}`, `{"at": local time}` or
`{"any": [schedule, …]}`.

- Nothing happens before the anchor; an instant equal to it counts.
- Day of month and day of week must both match.
- A local time that the clocks skip moves to the first one that exists (02:30 → 03:00). Where the hours are `*` or a
  step, and the hour it would move into has its own instants, it is dropped: that day has 23 hours.
- A local time that comes twice counts once; twice where the hours are `*` or a step (25 instants).
- `every` minutes and hours are real time from the anchor; days and weeks keep the anchor's local time.
"""

from __future__ import annotations

import heapq
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common.errors import Invalid

Schedule = Mapping[str, Any]
Produce = Callable[[datetime], Iterator[datetime]]

PERIODS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
}
FIELDS = (
    (gettext_noop("minute"), 0, 59),
    (gettext_noop("hour"), 0, 23),
    (gettext_noop("day of month"), 1, 31),
    (gettext_noop("month"), 1, 12),
    (gettext_noop("day of week"), 0, 7),
)
KINDS = (frozenset({"crontab"}), frozenset({"every", "period"}), frozenset({"at"}), frozenset({"any"}))
MONTH_LENGTHS = {month: monthrange(2024, month)[1] for month in range(1, 13)}
LAST_DAY = date(9990, 1, 1)
MAXIMUM_CLAUSES = 50
MAXIMUM_EVERY = 100_000
OFTEN = timedelta(minutes=15)
SMALLEST = timedelta(microseconds=1)


class InvalidSchedule(Invalid):
    """The schedule can't be understood, or never comes due."""

    code = "invalid_schedule"


@dataclass(frozen=True)
class Crontab:
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    # Sunday is 0.
    weekdays: frozenset[int]
    # Hours given as `*` or as a step: the schedule counts hours, not days.
    hourly: bool

    def matches(self, day: date) -> bool:
        return day.day in self.days and day.isoweekday() % 7 in self.weekdays


def instants(
    schedule: Schedule, *, zone: ZoneInfo, anchor: datetime, after: datetime, until: datetime | None = None
) -> Iterator[datetime]:
    """The instants in (after, until], in order, each once, in UTC; without `until` they go on for ever."""
    start = max(after.astimezone(UTC), anchor.astimezone(UTC) - SMALLEST)
    last = start
    for instant in heapq.merge(*(_producer(clause, zone, anchor)(start) for clause in clauses(schedule))):
        if until is not None and instant > until:
            return
        if instant > last:
            yield instant
            last = instant


def clauses(schedule: Schedule) -> list[Schedule]:
    """The schedule's crontabs, intervals and dates, with every `any` opened."""
    if "any" not in schedule:
        return [schedule]
    return [clause for part in schedule["any"] for clause in clauses(part)]


def too_frequent(schedule: Schedule, zone: ZoneInfo) -> bool:
    """Whether two instants are less than 15 minutes apart, looking at the next two hundred."""
    anchor = datetime(2026, 1, 1, tzinfo=zone)
    previous = None
    for number, instant in enumerate(instants(schedule, zone=zone, anchor=anchor, after=anchor)):
        if previous is not None and instant - previous < OFTEN:
            return True
        if number == 200:
            return False
        previous = instant
    return False


def _producer(clause: Schedule, zone: ZoneInfo, anchor: datetime) -> Produce:
    if "crontab" in clause:
        return partial(_crontab_instants, parse_crontab(clause["crontab"]), zone)
    if "at" in clause:
        return partial(_single, local_instant(clause["at"], zone))
    return partial(_every, int(clause["every"]), clause["period"], zone, anchor.astimezone(UTC))


def _single(instant: datetime, after: datetime) -> Iterator[datetime]:
    if instant > after:
        yield instant


def _every(count: int, period: str, zone: ZoneInfo, anchor: datetime, after: datetime) -> Iterator[datetime]:
    step = count * PERIODS[period]
    # Two steps early: local days are up to a few hours longer or shorter than 24.
    number = max((after - anchor) // step - 2, 0)
    while True:
        try:
            instant = _nth(anchor, number * step, period, zone)
        except OverflowError:
            return
        if instant > after:
            yield instant
        number += 1


def _nth(anchor: datetime, distance: timedelta, period: str, zone: ZoneInfo) -> datetime:
    if not distance or period in ("minutes", "hours"):
        return anchor + distance
    return _once(anchor.astimezone(zone).replace(tzinfo=None) + distance, zone)


def _crontab_instants(crontab: Crontab, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    waiting: list[datetime] = []
    for day in _days(crontab, (after.astimezone(zone) - timedelta(days=1)).date()):
        waiting.extend(_instants_of(crontab, day, zone))
        waiting.sort()
        # Where clocks go back over midnight, the end of this day comes after the beginning of the next.
        bound = _once(datetime.combine(day + timedelta(days=1), time()), zone)
        ready = [instant for instant in waiting if instant < bound]
        yield from (instant for instant in ready if instant > after)
        waiting = waiting[len(ready) :]
    yield from (instant for instant in waiting if instant > after)


def _days(crontab: Crontab, first: date) -> Iterator[date]:
    year, month = first.year, first.month
    while (year, month) <= (LAST_DAY.year, LAST_DAY.month):
        if month in crontab.months:
            days = (date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1))
            yield from (day for day in days if day >= first and crontab.matches(day))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def _instants_of(crontab: Crontab, day: date, zone: ZoneInfo) -> set[datetime]:
    found: set[datetime] = set()
    for hour in crontab.hours:
        for minute in crontab.minutes:
            found.update(_resolve(crontab, datetime.combine(day, time(hour, minute)), zone))
    return found


def _resolve(crontab: Crontab, local: datetime, zone: ZoneInfo) -> list[datetime]:
    earlier, later = _offsets(local, zone)
    if earlier == later:
        return [_utc(local - earlier)]
    if earlier > later:
        both = [_utc(local - earlier), _utc(local - later)]
        return both if crontab.hourly else both[:1]
    moved = _end_of_gap(local, zone)
    covered = crontab.hourly and moved.astimezone(zone).hour in crontab.hours
    return [] if covered else [moved]


def _once(local: datetime, zone: ZoneInfo) -> datetime:
    earlier, later = _offsets(local, zone)
    return _end_of_gap(local, zone) if earlier < later else _utc(local - earlier)


def _offsets(local: datetime, zone: ZoneInfo) -> tuple[timedelta, timedelta]:
    """The offsets of both readings of a local time: the first is greater where clocks go back, smaller in a gap."""
    first, second = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    assert first is not None and second is not None  # A zone always has an offset.
    return first, second


def _utc(local: datetime) -> datetime:
    return local.replace(tzinfo=UTC)


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the clocks skip this local time: zoneinfo does not tell, so it is searched for."""
    before, after = _offsets(local, zone)
    low, high = int(_utc(local - after).timestamp()) - 1, int(_utc(local - before).timestamp()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


def local_instant(text: str, zone: ZoneInfo) -> datetime:
    """The instant of an ISO date or time; without an offset it is local to the zone."""
    try:
        value = datetime.fromisoformat(str(text))
    except ValueError:
        raise InvalidSchedule(
            _("%(text)s is not a date and time such as 2026-12-24T06:00:00.") % {"text": text}
        ) from None
    return value.astimezone(UTC) if value.tzinfo else _once(value, zone)


def validate_schedule(document: Any) -> None:
    """Raise InvalidSchedule, naming what is wrong, unless the document is a schedule that comes due."""
    if _validate(document, depth=0) > MAXIMUM_CLAUSES:
        raise InvalidSchedule(_("A schedule has at most %(count)d clauses.") % {"count": MAXIMUM_CLAUSES})


def _validate(document: Any, *, depth: int) -> int:
    if not isinstance(document, Mapping):
        raise InvalidSchedule(_("A schedule is an object with crontab, every and period, at, or any."))
    _check_keys(document)
    if "any" in document:
        return _validate_any(document["any"], depth)
    if "crontab" in document:
        parse_crontab(document["crontab"])
    elif "at" in document:
        local_instant(document["at"], ZoneInfo("UTC"))
    else:
        _validate_every(document)
    return 1


def _check_keys(document: Mapping[str, Any]) -> None:
    if frozenset(document) in KINDS:
        return
    known = frozenset().union(*KINDS)
    unknown = sorted(str(key) for key in document if key not in known)
    if unknown:
        raise InvalidSchedule(
            _("%(unknown)s: unknown key in a schedule; there are crontab, every and period, at, any.")
            % {"unknown": ", ".join(unknown)}
        )
    raise InvalidSchedule(_("A schedule has exactly one of crontab, every and period, at, any."))


def _validate_any(parts: Any, depth: int) -> int:
    if not isinstance(parts, list) or not parts:
        raise InvalidSchedule(_("any: takes a list of at least one schedule."))
    if depth == 5:
        raise InvalidSchedule(_("any: nested too deeply."))
    return sum(_validate(part, depth=depth + 1) for part in parts)


def _validate_every(document: Mapping[str, Any]) -> None:
    count, period = document["every"], document["period"]
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MAXIMUM_EVERY:
        raise InvalidSchedule(
            _("every: takes a whole number from 1 to %(maximum)d, not %(value)s.")
            % {"maximum": MAXIMUM_EVERY, "value": count}
        )
    if period not in list(PERIODS):
        raise InvalidSchedule(
            _("period: %(value)s is unknown; there are %(periods)s.") % {"value": period, "periods": ", ".join(PERIODS)}
        )


def parse_crontab(text: Any) -> Crontab:
    """The crontab's five fields, or InvalidSchedule naming the one that is wrong."""
    parts = text.split() if isinstance(text, str) else []
    if len(parts) != len(FIELDS):
        raise InvalidSchedule(
            _("crontab: takes five fields (minute, hour, day of month, month, day of week), not %(text)s.")
            % {"text": text}
        )
    minutes, hours, days, months, weekdays = (
        _parse_field(part, name, low, high) for part, (name, low, high) in zip(parts, FIELDS, strict=True)
    )
    if not any(min(days) <= MONTH_LENGTHS[month] for month in months):
        raise InvalidSchedule(_("crontab: %(text)s never comes due: no such day exists.") % {"text": text})
    return Crontab(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=frozenset(days),
        months=frozenset(months),
        weekdays=frozenset(day % 7 for day in weekdays),
        hourly="*" in parts[1] or "/" in parts[1] or len(hours) == 24,
    )


def _parse_field(text: str, name: str, low: int, high: int) -> set[int]:
    values: set[int] = set()
    for part in text.split(","):
        values.update(_parse_part(part, text, name, low, high))
    return values


def _parse_part(part: str, text: str, name: str, low: int, high: int) -> range:
    try:
        first, last, step = _read_part(part, low, high)
    except ValueError:
        first, last, step = low, high, 0
    if step < 1 or not low <= first <= last <= high:
        raise InvalidSchedule(
            _("crontab: %(text)s is no %(field)s; it takes * or numbers from %(low)d to %(high)d, with - , and /.")
            % {"text": text, "field": _(name), "low": low, "high": high}
        )
    return range(first, last + 1, step)


def _read_part(part: str, low: int, high: int) -> tuple[int, int, int]:
    span, slash, step = part.partition("/")
    first, dash, last = span.partition("-")
    if slash and span != "*" and not dash:
        raise ValueError(part)  # "5/15" means different things to different crons.
    ends = (low, high) if span == "*" else (_number(first), _number(last if dash else first))
    return *ends, _number(step) if slash else 1


def _number(text: str) -> int:
    # int() would also take signs, spaces, underscores and other digits.
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)
