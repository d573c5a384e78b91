"""Dates relative to the context's instant: within the last days, older than, anniversaries."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db.models import CharField, Q
from django.db.models.functions import ExtractDay, ExtractMonth, Substr
from django.db.models.lookups import Exact, IsNull

from recipients.filters.context import FilterContext
from recipients.filters.fields import Operand
from recipients.filters.lookups import order
from recipients.filters.values import Kind

FEB_29_OPTIONS = ("mar_1", "feb_28", "leap_years_only")


def within_last(operand: Operand, days: int, context: FilterContext) -> Q:
    """Not before N days ago and not in the future; with `older_than` it splits the past in two."""
    return order(operand, "gte", _days_ago(operand, days, context), context) & order(
        operand, "lte", _now(operand, context), context
    )


def older_than(operand: Operand, days: int, context: FilterContext) -> Q:
    return order(operand, "lt", _days_ago(operand, days, context), context)


def anniversary(operand: Operand, day: date, feb_29: str, context: FilterContext) -> Q:
    """Same month and day as `day`; `feb_29` says when those born on 29 February celebrate in other years."""
    matches = _month_and_day(operand, context)
    condition = matches(day.month, day.day)
    if not calendar.isleap(day.year) and feb_29 != "leap_years_only" and (day.month, day.day) == SUBSTITUTES[feb_29]:
        condition |= matches(2, 29)
    return Q(IsNull(operand.expression, False)) & condition


def _now(operand: Operand, context: FilterContext) -> Any:
    return context.instant if operand.kind is Kind.DATETIME else context.today


def _days_ago(operand: Operand, days: int, context: FilterContext) -> Any:
    return _now(operand, context) - timedelta(days=days)


def _month_and_day(operand: Operand, context: FilterContext) -> Callable[[int, int], Q]:
    if operand.textual_date:
        part = Substr(operand.expression, 6, 5, output_field=CharField())
        return lambda month, day: Q(Exact(part, f"{month:02d}-{day:02d}"))
    zone = context.zone if operand.kind is Kind.DATETIME else None
    months, days = ExtractMonth(operand.expression, tzinfo=zone), ExtractDay(operand.expression, tzinfo=zone)
    return lambda month, day: Q(Exact(months, month)) & Q(Exact(days, day))


SUBSTITUTES = {"mar_1": (3, 1), "feb_28": (2, 28)}
