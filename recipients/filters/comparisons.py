"""`{"field", "op", "value"}`: which operators exist, for what, and with which keys."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from recipients.filters import dates, lookups
from recipients.filters.context import FilterContext
from recipients.filters.declared import are_days, means_dates
from recipients.filters.errors import FilterError, Path
from recipients.filters.fields import AttributeField, Column, FieldSet, Operand
from recipients.filters.shape import refuse_unknown_keys
from recipients.filters.values import Kind, kind_of, read_days, read_list, read_pair, read_value

NEGATIONS = {"not_equals": "equals", "not_in": "in", "is_not_null": "is_null"}
ORDERS = ("lt", "lte", "gt", "gte")
TEXT_OPERATORS = {
    "contains": lookups.contains,
    "starts_with": lookups.starts_with,
    "ends_with": lookups.ends_with,
    "matches_domain": lookups.matches_domain,
}
PERIODS = {"within_last": dates.within_last, "older_than": dates.older_than}
DATE_OPERATORS = (*PERIODS, "anniversary")
OPERATORS = (
    *("equals", "not_equals", "in", "not_in", *ORDERS, "between", *TEXT_OPERATORS),
    *("is_null", "is_not_null", *DATE_OPERATORS),
)


def compile_comparison(node: dict[str, Any], fields: FieldSet, context: FilterContext, path: Path) -> Q:
    field = fields.get(node["field"], (*path, "field"))
    name = _operator(node, OPERATORS, path)
    refuse_unknown_keys(node, {"field", "op", *_keys_of(name)}, path)
    if name in ("is_null", "is_not_null"):
        operand = field.presence() if isinstance(field, AttributeField) else field.operand()
        return lookups.is_missing(operand) if name == "is_null" else ~lookups.is_missing(operand)
    operand = _operand(field, name, node, path)
    return compare(operand, name, node, context, path)


def compare(operand: Operand, name: str, node: dict[str, Any], context: FilterContext, path: Path) -> Q:
    """The condition `operand name node["value"]`, true or false, never NULL."""
    if name in NEGATIONS:
        return ~compare(operand, NEGATIONS[name], node, context, path)
    _check_kind(operand, name, path)
    if name in PERIODS:
        return PERIODS[name](operand, _period(node, path), context)
    if name == "anniversary":
        return _anniversary(operand, node, context, path)
    place = (*path, "value")
    if "value" not in node:
        raise FilterError(_("The operator %(name)s needs a value.") % {"name": name}, place)
    return _with_value(operand, name, node["value"], context, place)


def _with_value(operand: Operand, name: str, value: Any, context: FilterContext, place: Path) -> Q:
    if name == "in":
        return lookups.is_in(operand, read_list(operand.kind, value, context, place), context)
    if name == "between":
        return lookups.between(operand, read_pair(operand.kind, value, context, place), context)
    read = read_value(operand.kind, value, context, place)
    if name == "equals":
        return lookups.equals(operand, read, context)
    if name in ORDERS:
        return lookups.order(operand, name, read, context)
    if not read:
        raise FilterError(_("The operator %(name)s needs a text that is not empty.") % {"name": name}, place)
    return TEXT_OPERATORS[name](operand, read)


def _operator(node: dict[str, Any], known: tuple[str, ...], path: Path) -> str:
    name = node.get("op")
    if not isinstance(name, str) or name not in known:
        message = _("Unknown operator: %(name)s; there are %(names)s.")
        raise FilterError(message % {"name": str(name)[:100], "names": ", ".join(known)}, (*path, "op"))
    return name


def _keys_of(name: str) -> set[str]:
    if name in ("is_null", "is_not_null"):
        return set()
    if name == "anniversary":
        return {"value", "feb_29"}
    return {"value", "days"} if name in PERIODS else {"value"}


def _operand(field: Column | AttributeField, name: str, node: dict[str, Any], path: Path) -> Operand:
    if isinstance(field, Column):
        return field.operand()
    if name in DATE_OPERATORS:
        return field.operand(Kind.DATE)
    if name in TEXT_OPERATORS:
        return field.operand(Kind.TEXT)
    kind = kind_of(node.get("value"), (*path, "value"))
    return field.operand(Kind.DATE if kind is Kind.TEXT and _means_dates(field, node["value"]) else kind)


def _means_dates(field: AttributeField, value: Any) -> bool:
    # Nothing declares the keys of another document: a text that is a date finds the texts that are one.
    return means_dates(field.name, value) if field.document is None else are_days(value)


def _check_kind(operand: Operand, name: str, path: Path) -> None:
    wrong = (
        (name in TEXT_OPERATORS and operand.kind is not Kind.TEXT)
        or (name in DATE_OPERATORS and operand.kind not in (Kind.DATE, Kind.DATETIME))
        or (name in (*ORDERS, "between") and operand.kind is Kind.BOOLEAN)
    )
    if wrong:
        message = _("The operator %(name)s does not go with a field of type “%(kind)s”.")
        raise FilterError(message % {"name": name, "kind": _(operand.kind.value)}, (*path, "op"))


def _period(node: dict[str, Any], path: Path) -> int:
    """The contract's `"value": {"days": N}`; `"days": N` beside the operator says the same."""
    if "days" in node and "value" not in node:
        return read_days(node["days"], (*path, "days"))
    value = node.get("value")
    if not isinstance(value, dict) or list(value) != ["days"]:
        raise FilterError(_('This operator needs the value {"days": N}.'), (*path, "value"))
    return read_days(value["days"], (*path, "value", "days"))


def _anniversary(operand: Operand, node: dict[str, Any], context: FilterContext, path: Path) -> Q:
    feb_29 = node.get("feb_29", dates.FEB_29_OPTIONS[0])
    if feb_29 not in dates.FEB_29_OPTIONS:
        message = _("%(value)s is not one of %(names)s.")
        names = ", ".join(dates.FEB_29_OPTIONS)
        raise FilterError(message % {"value": str(feb_29)[:40], "names": names}, (*path, "feb_29"))
    day = read_value(Kind.DATE, node.get("value", {"today": 0}), context, (*path, "value"))
    return dates.anniversary(operand, day, feb_29, context)
