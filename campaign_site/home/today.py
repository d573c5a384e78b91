"""The week with its dots and the strip of one day: what ran, what is under way, what is planned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from campaign_site.home.strip import Pill, draw_strip
from campaign_site.home.viewpoint import Context, Viewpoint
from common.badges import Badge, badge
from common.figures import count, percent
from operations.calendar import CalendarEvent, Window, events
from operations.models import RunState

MOST_DOTS = 5
# The same thing more often than so is one pill.
MOST_ALIKE = 3
LISTED = 12
PERMISSIONS = {"run": "operations.view_workflowrun", "delivery": "deliveries.view_delivery"}


@dataclass(frozen=True)
class Day:
    date: date
    address: str
    is_chosen: bool
    is_today: bool
    number: int
    # A tone for each; "" for what is planned.
    dots: list[str]


def today_card(view: Viewpoint) -> Context | None:
    if not view.may(*PERMISSIONS.values()):
        return None
    monday = view.day - timedelta(days=view.day.weekday())
    everything = _events(view, monday)
    found = {day: _told_once(of_day) for day, of_day in everything.items()}
    groups = _alike(found.get(view.day, []))
    pills = [_pill(view, group) for group in groups]
    is_today = view.day == view.today
    start = view.midnight(view.day)
    end = view.midnight(view.day + timedelta(days=1))
    return {
        "title": _("Today") if is_today else date_format(view.day, "l j F"),
        "is_today": is_today,
        "days": [_day(view, monday + timedelta(days=place), found) for place in range(7)],
        "before": view.address(view.day - timedelta(days=7)),
        "after": view.address(view.day + timedelta(days=7)),
        "back": view.address(),
        "strip": draw_strip(pills, start=start, end=end, now=view.now, zone=view.zone),
        "pills": pills[:LISTED],
        "more": max(len(pills) - LISTED, 0),
        "calendar": _calendar(view),
        "runs_done": _runs_done(view, everything) if monday <= view.today < monday + timedelta(days=7) else None,
    }


def _events(view: Viewpoint, monday: date) -> dict[date, list[CalendarEvent]]:
    """By day, those that this user may see."""
    window = Window(view.midnight(monday), view.midnight(monday + timedelta(days=7)), view.now, view.program)
    allowed = {kind for kind, permission in PERMISSIONS.items() if view.may(permission)}
    by_day: dict[date, list[CalendarEvent]] = {}
    for event in events(window):
        if event.kind in allowed:
            by_day.setdefault(event.at.astimezone(view.zone).date(), []).append(event)
    return by_day


def _told_once(found: Sequence[CalendarEvent]) -> list[CalendarEvent]:
    """A run that made a delivery of this day is seen in it."""
    delivered = {event.run_id for event in found if event.kind == "delivery"}
    return [event for event in found if event.kind == "delivery" or event.run_id not in delivered - {None}]


def _runs_done(view: Viewpoint, found: dict[date, list[CalendarEvent]]) -> int:
    of_today = found.get(view.today, [])
    return sum(event.kind == "run" and event.state == RunState.FINISHED and event.at <= view.now for event in of_today)


def _day(view: Viewpoint, day: date, found: dict[date, list[CalendarEvent]]) -> Day:
    of_day = found.get(day, [])
    return Day(
        date=day,
        address=view.address(day),
        is_chosen=day == view.day,
        is_today=day == view.today,
        number=len(of_day),
        dots=["" if event.is_planned else badge(event.state).tone for event in of_day[:MOST_DOTS]],
    )


def _alike(found: Iterable[CalendarEvent]) -> list[list[CalendarEvent]]:
    """Each event by itself, but what comes again and again with the same outcome together."""
    groups: dict[tuple[Any, ...], list[CalendarEvent]] = {}
    for event in found:
        name = event.operation_id if event.kind == "delivery" and event.operation_id else event.label
        groups.setdefault((event.kind, name, event.state), []).append(event)
    shown = []
    for group in groups.values():
        shown += [group] if len(group) > MOST_ALIKE else [[event] for event in group]
    return sorted(shown, key=lambda group: group[0].at)


def _pill(view: Viewpoint, group: list[CalendarEvent]) -> Pill:
    first, last = group[0], group[-1]
    look = _look(first)
    pill = Pill(
        at=first.at,
        label=first.label,
        detail=_detail(view, first, look),
        url=first.url,
        look=look,
        is_planned=first.is_planned,
        until=_until(view, first),
    )
    if len(group) == 1:
        return pill
    return replace(pill, detail=f"× {count(len(group))}", until=None if first.is_planned else last.at)


def _look(event: CalendarEvent) -> Badge:
    return Badge("mute", "clock", _("Planned")) if event.is_planned else badge(event.state)


def _detail(view: Viewpoint, event: CalendarEvent, look: Badge) -> str:
    """What comes later has its place and its icon, and needs no more room."""
    if event.is_planned or look.tone == "ok" or event.at > view.now:
        return ""
    if look.tone == "run" and event.share:
        return percent(event.share, 0)
    return str(look.label).lower()


def _until(view: Viewpoint, event: CalendarEvent) -> datetime | None:
    """The true length: as far as it has come."""
    if event.is_planned or event.at > view.now:
        return None
    if event.until is None:
        return view.now if badge(event.state).tone == "run" else None
    return min(event.until, view.now)


def _calendar(view: Viewpoint) -> str:
    if not view.may("operations.view_operation"):
        return ""
    program = f"&program={view.program.pk}" if view.program else ""
    return f"{reverse('admin:operations_operation_calendar')}?view=week&day={view.day.isoformat()}{program}"
