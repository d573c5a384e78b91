"""The filter language once more, person by person in plain Python: what the compiled query is compared with."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from recipients.filters import FilterContext

LOWER = str.maketrans({chr(code): chr(code + 32) for code in range(65, 91)})


@dataclass
class Person:
    """A recipient's columns, and what other tables say about them."""

    columns: dict[str, Any]
    lists: set[int] = field(default_factory=set)
    services: set[int] = field(default_factory=set)
    purchases: list[dict[str, Any]] = field(default_factory=list)


def selects(node: dict[str, Any], person: Person, context: FilterContext) -> bool:
    if "in_list" in node:
        return node["in_list"] in person.lists
    if "subscribed_to" in node:
        return node["subscribed_to"] in person.services
    if "related" in node:
        return _related(node, person, context)
    return holds(node, person.columns, context, lambda inner: selects(inner, person, context))


def holds(node: dict[str, Any], row: dict[str, Any], context: FilterContext, recurse: Any) -> bool:
    if "all" in node:
        return all(recurse(inner) for inner in node["all"])
    if "any" in node:
        return any(recurse(inner) for inner in node["any"])
    if "not" in node:
        return not recurse(node["not"])
    if "everyone" in node:
        return True
    return compares(node, _value(node, row), context)


def compares(node: dict[str, Any], value: Any, context: FilterContext) -> bool:
    op = node["op"]
    for negation, positive in (("not_equals", "equals"), ("not_in", "in"), ("is_not_null", "is_null")):
        if op == negation:
            return not compares({**node, "op": positive}, value, context)
    if op == "is_null":
        return value is None or value == ""
    if op == "anniversary":
        return value is not None and _anniversary(node, _day(value, context), context)
    if op in ("within_last", "older_than"):
        return value is not None and _period(node, value, context)
    wanted = node["value"]
    if op == "in":
        return any(_equal(value, _read(item, context), context) for item in wanted)
    if op == "between":
        low, high = (_read(item, context) for item in wanted)
        return _order("gte", value, low, context) and _order("lte", value, high, context)
    if op == "equals":
        return _equal(value, _read(wanted, context), context)
    if op in ("lt", "lte", "gt", "gte"):
        return _order(op, value, _read(wanted, context), context)
    return isinstance(value, str) and _text(op, value.translate(LOWER), wanted.translate(LOWER))


def _value(node: dict[str, Any], row: dict[str, Any]) -> Any:
    """The column's value, or the attribute's if it has the type that the comparison asks for."""
    name = node["field"]
    if not name.startswith("attributes."):
        return row[name]
    value = row["attributes"].get(name.removeprefix("attributes."))
    if node["op"] in ("is_null", "is_not_null"):
        return value
    return _typed(value, node)


def _typed(value: Any, node: dict[str, Any]) -> Any:
    wanted = node.get("value")
    items = wanted if isinstance(wanted, list) else [wanted]
    if node["op"] in ("anniversary", "within_last", "older_than") or any(isinstance(item, dict) for item in items):
        if not isinstance(value, str) or not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return None
        return date.fromisoformat(value[:10])
    kinds: Any = {bool: bool, int: (int, float), float: (int, float), str: str}[type(items[0])]
    if isinstance(value, bool) is not isinstance(items[0], bool) or not isinstance(value, kinds):
        return None
    return value


def _read(wanted: Any, context: FilterContext) -> Any:
    if isinstance(wanted, dict):
        return context.today + timedelta(days=wanted["today"])
    return wanted


def _day(value: date, context: FilterContext) -> date:
    return value.astimezone(context.zone).date() if isinstance(value, datetime) else value


def _pair(value: Any, wanted: Any, context: FilterContext) -> tuple[Any, Any]:
    """Both sides in one type: days against days, instants against instants."""
    if isinstance(value, date):
        if isinstance(wanted, str):
            wanted = date.fromisoformat(wanted) if len(wanted) == 10 else datetime.fromisoformat(wanted)
        if not isinstance(wanted, datetime):
            return _day(value, context), wanted
    return (float(value), float(wanted)) if isinstance(wanted, float) else (value, wanted)


def _equal(value: Any, wanted: Any, context: FilterContext) -> bool:
    if value is None:
        return False
    left, right = _pair(value, wanted, context)
    return bool(left == right)


def _order(op: str, value: Any, wanted: Any, context: FilterContext) -> bool:
    if value is None or value == "":
        return False
    left, right = _pair(value, wanted, context)
    return bool({"lt": left < right, "lte": left <= right, "gt": left > right, "gte": left >= right}[op])


def _text(op: str, value: str, needle: str) -> bool:
    if op == "contains":
        return needle in value
    if op == "starts_with":
        return value.startswith(needle)
    return value.endswith(needle if op == "ends_with" else "@" + needle)


def _anniversary(node: dict[str, Any], born: date, context: FilterContext) -> bool:
    today = _read(node.get("value", {"today": 0}), context)
    if (born.month, born.day) != (2, 29) or calendar.isleap(today.year):
        return (born.month, born.day) == (today.month, today.day)
    celebrated = {"mar_1": (3, 1), "feb_28": (2, 28), "leap_years_only": None}[node.get("feb_29", "mar_1")]
    return bool(celebrated == (today.month, today.day))


def _period(node: dict[str, Any], value: Any, context: FilterContext) -> bool:
    now = context.instant if isinstance(value, datetime) else context.today
    start = now - timedelta(days=node["value"]["days"])
    return bool(start <= value <= now if node["op"] == "within_last" else value < start)


def _related(node: dict[str, Any], person: Person, context: FilterContext) -> bool:
    def kept(where: dict[str, Any], row: dict[str, Any]) -> bool:
        return holds(where, row, context, lambda inner: kept(inner, row))

    rows = [row for row in person.purchases if kept(node.get("where", {"everyone": True}), row)]
    if "count" in node:
        wanted = node["count"] if isinstance(node["count"], dict) else {"op": "gte", "value": node["count"]}
        return compares(wanted, len(rows), context)
    for name in ("sum", "max", "min", "avg"):
        if name in node:
            values = [row[node[name]["field"]] for row in rows if row[node[name]["field"]] is not None]
            return compares(node[name], _aggregate(name, values), context)
    return bool(rows)


def _aggregate(name: str, values: list[Any]) -> Any:
    if not values:
        return None
    if name == "avg":
        return float(sum(values)) / len(values)
    if name == "sum":
        return sum(values)
    return max(values) if name == "max" else min(values)
