"""One comparison in words, as a clause that goes on after “recipients”: “whose birth date is before today”."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from recipients.filters.declared import KINDS
from recipients.filters.fields import PREFIX, model_fields
from recipients.filters.values import Kind
from recipients.models import Attribute, Recipient
from recipients.query.names import Names, model_field
from recipients.query.values_in_words import joined, moment_in_words, quoted, value_in_words

FIELD = tuple[str, type[models.Model]]


def comparison_in_words(node: dict[str, Any], model: type[models.Model], names: Names) -> str:
    name, operator = node["field"], node["op"]
    label = names.field(name, model)
    kind = kind_of_field(name, model, names)
    if kind is Kind.BOOLEAN and operator in ("equals", "not_equals") and isinstance(node.get("value"), bool):
        return _ticked(label, node["value"], operator)
    predicate = predicate_in_words(operator, kind, node, lambda value: _value(value, kind, (name, model), names))
    said = {"field": label, "predicate": predicate}
    if operator == "anniversary":
        # A language may say it of the anniversary instead of the date.
        return pgettext("anniversary", "whose %(field)s %(predicate)s") % said
    return _("whose %(field)s %(predicate)s") % said


def kind_of_field(name: str, model: type[models.Model], names: Names) -> Kind | None:
    """None: an attribute that nobody declared."""
    if model is Recipient and name.startswith(PREFIX):
        attribute = names.attribute(name.removeprefix(PREFIX))
        return KINDS[Attribute.Kind(attribute.kind)] if attribute else None
    return model_fields(model).columns[model_field(name, model).name].kind


def _ticked(label: str, value: bool, operator: str) -> str:
    if operator == "equals":
        sentence = _("with “%(field)s” ticked") if value else _("with “%(field)s” not ticked")
    else:
        sentence = _("without “%(field)s” ticked") if value else _("without “%(field)s” unticked")
    return sentence % {"field": label}


def _value(value: Any, kind: Kind | None, field: FIELD, names: Names) -> str:
    label = names.value(*field, value) if isinstance(value, str | int) and not isinstance(value, bool) else None
    if label is not None:
        return quoted(label)
    return moment_in_words(value) if kind in (Kind.DATE, Kind.DATETIME) else value_in_words(value)


def predicate_in_words(operator: str, kind: Kind | None, node: dict[str, Any], say: Any) -> str:
    """“is at least 3”. `say`: one value in words."""
    if operator in ("is_null", "is_not_null"):
        return _("is not filled in") if operator == "is_null" else _("is filled in")
    if operator in ("within_last", "older_than"):
        return _period(operator, node)
    if operator == "anniversary":
        return _anniversary(node)
    value = node["value"]
    if isinstance(value, dict) and "parameter" in value:
        shown = say(value)
    elif operator in ("in", "not_in"):
        shown = joined([say(item) for item in value], _("or"))
    elif operator == "between":
        shown = joined([say(item) for item in value], _("and"))
    else:
        shown = say(value)
    return _phrases(_style(kind, value))[operator] % {"value": shown}


def _style(kind: Kind | None, value: Any) -> str:
    first = value[0] if isinstance(value, list) else value
    if kind in (Kind.DATE, Kind.DATETIME) or (isinstance(first, dict) and "today" in first):
        return "date"
    return "text" if isinstance(first, str) else "number"


def _phrases(style: str) -> dict[str, str]:
    orders = {
        "number": (
            *(_("is less than %(value)s"), _("is at most %(value)s")),
            *(_("is more than %(value)s"), _("is at least %(value)s")),
        ),
        "date": (
            *(_("is before %(value)s"), _("is %(value)s or before")),
            *(_("is after %(value)s"), _("is %(value)s or after")),
        ),
        "text": (
            *(_("comes before %(value)s"), _("is %(value)s or comes before")),
            *(_("comes after %(value)s"), _("is %(value)s or comes after")),
        ),
    }[style]
    return {
        **dict(zip(("lt", "lte", "gt", "gte"), orders, strict=True)),
        "equals": _("is %(value)s"),
        "not_equals": _("is not %(value)s"),
        "in": _("is one of %(value)s"),
        "not_in": _("is none of %(value)s"),
        "between": _("is between %(value)s"),
        "contains": _("contains %(value)s"),
        "starts_with": _("starts with %(value)s"),
        "ends_with": _("ends with %(value)s"),
        "matches_domain": _("is an address at %(value)s"),
    }


def _period(operator: str, node: dict[str, Any]) -> str:
    value = node.get("value")
    days = value["days"] if isinstance(value, dict) and "days" in value else node.get("days", value)
    if not isinstance(days, int):
        name = value_in_words(days)
        text = _("is within the last %(days)s days") if operator == "within_last" else _("is over %(days)s days ago")
        return text % {"days": name}
    if operator == "within_last":
        return ngettext("is within the last %(count)d day", "is within the last %(count)d days", days) % {"count": days}
    return ngettext("is over %(count)d day ago", "is over %(count)d days ago", days) % {"count": days}


def _anniversary(node: dict[str, Any]) -> str:
    day = moment_in_words(node.get("value", {"today": 0}))
    text = _("has its anniversary %(day)s") % {"day": day}
    substitutes = {
        "mar_1": _("29 February on 1 March in ordinary years"),
        "feb_28": _("29 February on 28 February in ordinary years"),
        "leap_years_only": _("29 February in leap years only"),
    }
    return f"{text} ({substitutes[node['feb_29']]})" if node.get("feb_29") in substitutes else text
