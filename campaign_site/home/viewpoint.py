"""What every card of the home page starts from: who looks, when, at which day and program; what several cards read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from deliveries.diagnosis import Situation, read_situation
from deliveries.models import Delivery, DeliveryKind, DeliveryState
from deliveries.models.delivery import FINAL_STATES
from operations.models import Program

# Deliveries at work that are looked at; more at once is no home page's business.
MOST_AT_WORK = 200


@dataclass(frozen=True)
class Viewpoint:
    """`day` is the one that the strip shows; `program` is None for all of them."""

    request: HttpRequest
    now: datetime
    day: date
    programs: list[Program]
    program: Program | None

    @property
    def zone(self) -> ZoneInfo:
        zone = timezone.get_current_timezone()
        assert isinstance(zone, ZoneInfo)  # Django's zones have been such for years.
        return zone

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def may(self, *permissions: str) -> bool:
        """Any of them."""
        return any(self.request.user.has_perm(name) for name in permissions)

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)

    def address(self, day: date | None = None) -> str:
        """The query of the home page of another day, with the same filter."""
        values: dict[str, Any] = {"program": self.program.pk} if self.program else {}
        if day is not None and day != self.today:
            values = {"day": day.isoformat(), **values}
        return f"?{urlencode(values)}"

    def deliveries(self) -> QuerySet[Delivery]:
        """Those of the program, proofs excluded, without their content."""
        rows = Delivery.objects.exclude(kind=DeliveryKind.PROOF).defer("html", "text")
        return rows if self.program is None else rows.filter(operation__program=self.program)

    @cached_property
    def at_work(self) -> list[Delivery]:
        """Everything between its analysis and its end, the newest first: read once for all cards."""
        rows = self.deliveries().exclude(state=DeliveryState.EDITED).filter(state__lt=min(FINAL_STATES))
        return list(rows.select_related("operation", "affinity").order_by("-pk")[:MOST_AT_WORK])

    @cached_property
    def situation(self) -> Situation:
        """Processes, routes, parts: what the diagnosis of everything at work looks at."""
        return read_situation(self.at_work, self.now)

    @cached_property
    def looked_back_at(self) -> list[Delivery]:
        """Those with messages in doubt, then those that ended since yesterday, the last one first."""
        since = self.midnight(self.today - timedelta(days=1))
        ended = Q(state__in=FINAL_STATES, ended_at__gte=since, ended_at__lte=self.now)
        rows = self.deliveries().filter(ended | Q(in_doubt__gt=0)).select_related("operation")
        return list(rows.order_by("-in_doubt", "-ended_at")[:MOST_AT_WORK])


def viewpoint_of(request: HttpRequest, now: datetime) -> Viewpoint:
    """As the address says: `day` (YYYY-MM-DD) and `program` (its number); today and all of them otherwise."""
    programs = list(Program.objects.order_by("label")) if request.user.has_perm("operations.view_operation") else []
    number = request.GET.get("program", "")
    chosen = next((program for program in programs if str(program.pk) == number), None)
    today = now.astimezone(timezone.get_current_timezone()).date()
    return Viewpoint(request, now, _day(request.GET.get("day", ""), today), programs, chosen)


def _day(text: str, today: date) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return today
    # Weeks before and after have to be dates too.
    return found if abs(found - today) <= timedelta(days=3660) else today


Context = dict[str, Any]
