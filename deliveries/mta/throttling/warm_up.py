"""Warm-up plans: how many messages a new address may send to a receiver today, reserved before they leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest

from deliveries.models import DailyVolume, WarmUp


@dataclass(frozen=True, slots=True)
class Plan:
    """`receiver` is what its volume is counted under; "": every receiver without a plan of its own, together."""

    receiver: str
    starts_on: date
    first_day: int
    growth: float
    ceiling: int

    def cap_on(self, day: date) -> int | None:
        """Messages of that day; 0 before the first one, None when the plan is over."""
        number = (day - self.starts_on).days
        if number < 0:
            return 0
        # Compared as a power: a plan that ended long ago must not overflow.
        volume = self.first_day
        for _day in range(number):
            if volume >= self.ceiling or self.growth <= 1:
                break
            volume = max(volume + 1, int(volume * self.growth))
        return None if volume >= self.ceiling else volume


def read_plans(affinity: str) -> dict[str, Plan]:
    """The plans of an affinity by group name, "" for every other receiver."""
    rows = WarmUp.objects.filter(affinity__name=affinity).select_related("group") if affinity else ()
    return {plan.receiver: plan for plan in map(plan_of, rows)}


def plan_of(row: WarmUp) -> Plan:
    receiver = row.group.internal_name if row.group is not None else ""
    return Plan(receiver, row.starts_on, row.first_day, row.growth, row.ceiling)


def days_of(plan: Plan) -> Iterator[tuple[date, int]]:
    """The days of the plan with their volumes, until it is over; never more than a year."""
    for number in range(366):
        day = plan.starts_on + timedelta(days=number)
        cap = plan.cap_on(day)
        if cap is None:
            return
        yield day, cap


def day_of(now: datetime) -> date:
    return now.astimezone(UTC).date()


def next_day(now: datetime) -> datetime:
    return datetime.combine(day_of(now) + timedelta(days=1), time(), UTC)


@transaction.atomic
def draw_volume(affinity: str, plan: Plan, *, wanted: int, now: datetime) -> int:
    """Reserve up to `wanted` messages of today; how many there were."""
    day = day_of(now)
    cap = plan.cap_on(day)
    if cap is None:
        return wanted
    DailyVolume.objects.bulk_create(
        [DailyVolume(affinity=affinity, receiver=plan.receiver, day=day)], ignore_conflicts=True
    )
    row = DailyVolume.objects.select_for_update().get(affinity=affinity, receiver=plan.receiver, day=day)
    granted = max(0, min(wanted, cap - row.messages))
    if granted:
        _volume(affinity, plan, day).update(messages=F("messages") + granted)
    return granted


def put_back_volume(affinity: str, plan: Plan, *, number: int, now: datetime) -> None:
    _volume(affinity, plan, day_of(now)).update(messages=Greatest(F("messages") - number, 0))


def _volume(affinity: str, plan: Plan, day: date) -> QuerySet[DailyVolume]:
    return DailyVolume.objects.filter(affinity=affinity, receiver=plan.receiver, day=day)
