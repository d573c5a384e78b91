"""The calendar: plans, programs and operations as bars, what ran and what will as days; by month or by week."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from operations.calendar import CalendarEvent, Window, events
from operations.models import Operation, Program

# A day of a month shows so many, and how many more there are.
MOST_OF_A_DAY = 6
MOST_OPERATIONS = 100
MONTH, WEEK = "month", "week"


@dataclass(frozen=True)
class Day:
    date: date
    is_today: bool
    # Of another month than the one that is shown.
    is_beside: bool
    events: list[CalendarEvent]
    more: int


@dataclass(frozen=True)
class Page:
    """The days that are shown, whole weeks, and the way to the ones before and after."""

    view: str
    first: date
    last: date
    previous: date
    next: date
    title: date


def calendar_page(request: HttpRequest) -> HttpResponseBase:
    if not request.user.has_perm("operations.view_operation"):
        raise PermissionDenied
    now = timezone.now()
    zone = timezone.get_current_timezone()
    page = _page(request, now.astimezone(zone).date())
    program = _program(request)
    context = {
        **admin.site.each_context(request),
        "title": _("Calendar"),
        "page": page,
        "weekdays": list(WEEKDAYS_ABBR.values()),
        "weeks": _weeks(page, _events_by_day(page, program, now, zone), now.astimezone(zone).date()),
        "operations": _operations(page, program),
        "programs": list(Program.objects.order_by("label")),
        "program": program,
        "opts": Operation._meta,
    }
    return TemplateResponse(request, "admin/operations/operation/calendar.html", context)


def _page(request: HttpRequest, today: date) -> Page:
    view = WEEK if request.GET.get("view") == WEEK else MONTH
    chosen = _date(request.GET.get("day", ""), today)
    if view == WEEK:
        first = chosen - timedelta(days=chosen.weekday())
        return Page(view, first, first + timedelta(days=6), first - timedelta(days=7), first + timedelta(days=7), first)
    begin = chosen.replace(day=1)
    end = begin.replace(day=calendar.monthrange(begin.year, begin.month)[1])
    first = begin - timedelta(days=begin.weekday())
    last = end + timedelta(days=6 - end.weekday())
    return Page(view, first, last, begin - timedelta(days=1), end + timedelta(days=1), begin)


def _date(text: str, otherwise: date) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return found if 1970 <= found.year <= 9000 else otherwise


def _program(request: HttpRequest) -> Program | None:
    number = request.GET.get("program", "")
    return Program.objects.filter(pk=int(number)).first() if number.isdigit() else None


def _events_by_day(page: Page, program: Program | None, now: datetime, zone: Any) -> dict[date, list[CalendarEvent]]:
    start = datetime.combine(page.first, time(), _zone(zone))
    end = datetime.combine(page.last + timedelta(days=1), time(), _zone(zone))
    found: dict[date, list[CalendarEvent]] = {}
    for event in events(Window(start, end, now, program)):
        found.setdefault(event.at.astimezone(zone).date(), []).append(event)
    return found


def _zone(zone: Any) -> ZoneInfo:
    assert isinstance(zone, ZoneInfo)  # Django's zones have been such for years.
    return zone


def _weeks(page: Page, found: dict[date, list[CalendarEvent]], today: date) -> list[list[Day]]:
    most = None if page.view == WEEK else MOST_OF_A_DAY
    days = [page.first + timedelta(days=number) for number in range((page.last - page.first).days + 1)]
    shown = [
        Day(
            date=day,
            is_today=day == today,
            is_beside=page.view == MONTH and day.month != page.title.month,
            events=found.get(day, [])[:most],
            more=max(len(found.get(day, [])) - (most or len(found.get(day, []))), 0),
        )
        for day in days
    ]
    return [shown[at : at + 7] for at in range(0, len(shown), 7)]


def _operations(page: Page, program: Program | None) -> list[Operation]:
    """Those with a period that meets the days shown."""
    rows = Operation.objects.filter(is_template=False, starts_on__lte=page.last).select_related("program__plan")
    rows = rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=page.first))
    if program is not None:
        rows = rows.filter(program=program)
    return list(rows.order_by("program__plan__label", "program__label", "starts_on")[:MOST_OPERATIONS])
