"""One operand against typed values: each function answers a condition that is true or false, never NULL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import CharField, Q, Value
from django.db.models.functions import Left, Right, StrIndex
from django.db.models.lookups import Exact, GreaterThan, IsNull

from recipients.filters.context import FilterContext
from recipients.filters.expressions import AsciiLower, ByteOrder
from recipients.filters.fields import Operand
from recipients.filters.values import Kind


def is_missing(operand: Operand) -> Q:
    missing = Q(IsNull(operand.expression, True))
    return missing | Q(Exact(operand.expression, "")) if operand.kind is Kind.TEXT else missing


def equals(operand: Operand, value: Any, context: FilterContext) -> Q:
    if operand.kind is Kind.DATETIME and not isinstance(value, datetime):
        return order(operand, "gte", value, context) & order(operand, "lte", value, context)
    return _present(operand, _lookup(operand.expression, "exact", _stored(operand, value)))


def is_in(operand: Operand, values: Sequence[Any], context: FilterContext) -> Q:
    if operand.kind is Kind.DATETIME:
        condition = equals(operand, values[0], context)
        for value in values[1:]:
            condition |= equals(operand, value, context)
        return condition
    return _present(operand, _lookup(operand.expression, "in", [_stored(operand, value) for value in values]))


def order(operand: Operand, name: str, value: Any, context: FilterContext) -> Q:
    """`lt`, `lte`, `gt` or `gte`."""
    if operand.kind is Kind.DATETIME and not isinstance(value, datetime):
        name, value = _bound(name, value, context)
    if operand.kind is not Kind.TEXT:
        return _present(operand, _lookup(operand.expression, name, _stored(operand, value)))
    return ~_empty(operand) & _present(operand, _lookup(ByteOrder(operand.expression), name, value))


def between(operand: Operand, pair: Sequence[Any], context: FilterContext) -> Q:
    return order(operand, "gte", pair[0], context) & order(operand, "lte", pair[1], context)


def contains(operand: Operand, needle: str) -> Q:
    folded = Value(ascii_lower(needle), output_field=CharField())
    return _present(operand, Q(GreaterThan(StrIndex(AsciiLower(operand.expression), folded), 0)))


def starts_with(operand: Operand, needle: str) -> Q:
    return _present(operand, Q(Exact(Left(AsciiLower(operand.expression), len(needle)), ascii_lower(needle))))


def ends_with(operand: Operand, needle: str) -> Q:
    return _present(operand, Q(Exact(Right(AsciiLower(operand.expression), len(needle)), ascii_lower(needle))))


def matches_domain(operand: Operand, domain: str) -> Q:
    return ends_with(operand, "@" + domain.removeprefix("@"))


def ascii_lower(text: str) -> str:
    return text.translate(ASCII_LOWER)


def _present(operand: Operand, condition: Q) -> Q:
    return Q(IsNull(operand.expression, False)) & condition if operand.nullable else condition


def _empty(operand: Operand) -> Q:
    return _present(operand, Q(Exact(operand.expression, "")))


def _lookup(expression: Any, name: str, value: Any) -> Q:
    lookup: Callable[[Any, Any], Any] = expression.output_field.get_lookup(name)
    return Q(lookup(expression, value))


def _stored(operand: Operand, value: Any) -> Any:
    return value.isoformat() if operand.textual_date else value


def _bound(name: str, day: date, context: FilterContext) -> tuple[str, datetime]:
    """A day compared with a time stands for its first instant, or the next day's: periods are half-open."""
    start = datetime.combine(day, time.min, tzinfo=context.zone)
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=context.zone)
    return {"lt": ("lt", start), "gte": ("gte", start), "lte": ("lt", end), "gt": ("gte", end)}[name]


ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
