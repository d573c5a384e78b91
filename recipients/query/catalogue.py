"""All that an editor of filters needs to know, as data: fields, operators, memberships, behaviours, related models."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from recipients.criteria import RelatedModel, related_models
from recipients.filters import comparisons, dates
from recipients.filters.behaviours import behaviour_words, behaviours, scopes
from recipients.filters.declared import KINDS
from recipients.filters.fields import PREFIX, is_attribute_name, model_fields
from recipients.filters.references import LISTS, SERVICES
from recipients.filters.related import AGGREGATES, ARITHMETIC, OPERATORS
from recipients.filters.values import Kind
from recipients.models import Attribute, Recipient, SavedFilter
from recipients.query.values import PERSONAL

EVERY = ("equals", "not_equals", "in", "not_in")
ORDERED = (*comparisons.ORDERS, "between")
PRESENCE = ("is_not_null", "is_null")
OPERATORS_OF: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: (*EVERY, *comparisons.TEXT_OPERATORS, *ORDERED, *PRESENCE),
    Kind.INTEGER: (*EVERY, *ORDERED, *PRESENCE),
    Kind.NUMBER: (*EVERY, *ORDERED, *PRESENCE),
    Kind.BOOLEAN: ("equals", "not_equals", *PRESENCE),
    Kind.DATE: ("anniversary", "within_last", "older_than", *ORDERED, *EVERY, *PRESENCE),
    Kind.DATETIME: ("within_last", "older_than", "anniversary", *ORDERED, *EVERY, *PRESENCE),
}
RECENT = 500
SAVED_SHOWN = 200


def catalogue() -> dict[str, Any]:
    """The document that the editor starts from; everything in it is in the active language."""
    return {
        "fields": [*_fields(Recipient, "recipient"), *_attributes()],
        "operators": {_code(kind): list(names) for kind, names in OPERATORS_OF.items()},
        "operator_labels": {_code(kind): operator_labels(kind) for kind in Kind},
        "feb_29": [{"code": code, "label": label} for code, label in feb_29_labels().items()],
        "memberships": [
            {"key": LISTS, "label": _("List"), "verb": _("contains"), "source": LISTS},
            {"key": SERVICES, "label": _("Subscription"), "verb": _("to"), "source": SERVICES},
        ],
        "behaviours": [{"code": code, "label": _behaviour(code)} for code in behaviours.codes()],
        "scopes": [{"code": code, "label": str(scope.label)} for code, scope in scopes.items()],
        "related": [_related(entry) for entry in related_models],
        "saved": [_saved(row) for row in SavedFilter.objects.order_by("label", "pk")[:SAVED_SHOWN]],
        "aggregate_operators": list(OPERATORS),
    }


def _code(kind: Kind) -> str:
    return kind.name.lower()


def _fields(model: type[models.Model], group: str) -> list[dict[str, Any]]:
    described = []
    for name, column in model_fields(model).columns.items():
        field: Any = model._meta.get_field(name)
        choices = [{"value": value, "label": str(label)} for value, label in field.flatchoices if value != ""]
        source = f"field:{name}" if model is Recipient else f"{group}:{name}"
        typed = column.kind is Kind.TEXT and not choices and not (model is Recipient and name in PERSONAL)
        described.append(
            {
                "name": name,
                "label": str(field.verbose_name),
                "kind": _code(column.kind),
                "group": group,
                "choices": choices,
                "source": source if typed else "",
            }
        )
    return described


def _attributes() -> list[dict[str, Any]]:
    """The declared attributes, then those that recent people have without a declaration."""
    described = [
        {
            "name": f"{PREFIX}{row.name}",
            "label": row.label,
            "kind": _code(KINDS[Attribute.Kind(row.kind)]),
            "group": "attributes",
            "choices": row.choices if row.kind == Attribute.Kind.CHOICE else [],
            "source": f"field:{PREFIX}{row.name}" if row.kind == Attribute.Kind.TEXT else "",
            "help": row.help_text,
        }
        for row in Attribute.objects.order_by("label")
    ]
    known = {entry["name"] for entry in described}
    return [*described, *(entry for entry in _undeclared() if entry["name"] not in known)]


def _undeclared() -> list[dict[str, Any]]:
    found: dict[str, Any] = {}
    for attributes in Recipient.objects.order_by("-pk").values_list("attributes", flat=True)[:RECENT]:
        found.update(attributes if isinstance(attributes, dict) else {})
    return [
        {
            "name": f"{PREFIX}{name}",
            "label": name,
            "kind": _kind_of(value),
            "group": "attributes",
            "choices": [],
            "source": f"field:{PREFIX}{name}" if isinstance(value, str) else "",
        }
        for name, value in sorted(found.items())
        if is_attribute_name(name)
    ]


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "text"


def _behaviour(code: str) -> str:
    return str(behaviour_words.get(code).label) if code in behaviour_words else code


def _related(entry: RelatedModel) -> dict[str, Any]:
    fields = _fields(entry.model, f"related:{entry.name}")
    numbers = [field["name"] for field in fields if field["kind"] in [_code(kind) for kind in ARITHMETIC]]
    extremes = [*numbers, *(field["name"] for field in fields if field["kind"] in ("date", "datetime"))]
    labels = {"sum": _("total"), "max": _("highest"), "min": _("lowest"), "avg": _("average")}
    aggregates = [
        {"name": name, "label": labels[name], "fields": extremes if name in ("max", "min") else numbers}
        for name in AGGREGATES
    ]
    return {
        "name": entry.name,
        "label": str(entry.label),
        "fields": fields,
        "aggregates": [aggregate for aggregate in aggregates if aggregate["fields"]],
    }


def _saved(row: SavedFilter) -> dict[str, Any]:
    return {"id": row.pk, "label": row.label, "description": row.description, "parameters": row.parameters}


def operator_labels(kind: Kind) -> dict[str, str]:
    """How each operator reads beside a field of this kind."""
    is_date = kind in (Kind.DATE, Kind.DATETIME)
    labels = {
        "equals": _("is"),
        "not_equals": _("is not"),
        "in": _("is one of"),
        "not_in": _("is none of"),
        "lt": _("is before") if is_date else "<",
        "lte": _("is before or on") if is_date else "≤",
        "gt": _("is after") if is_date else ">",
        "gte": _("is after or on") if is_date else "≥",
        "between": _("is between"),
        "contains": _("contains"),
        "starts_with": _("starts with"),
        "ends_with": _("ends with"),
        "matches_domain": _("has the domain"),
        "is_null": _("is not filled in"),
        "is_not_null": _("is filled in"),
        "anniversary": _("has its anniversary"),
        "within_last": _("is within the last"),
        "older_than": _("is older than"),
    }
    return {name: labels[name] for name in OPERATORS_OF[kind]}


def feb_29_labels() -> dict[str, str]:
    labels = {
        "mar_1": _("on 1 March"),
        "feb_28": _("on 28 February"),
        "leap_years_only": _("in leap years only"),
    }
    return {code: labels[code] for code in dates.FEB_29_OPTIONS}
