"""Values to choose from while typing: labels of rows, and the values that a field holds among recent rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, QuerySet

from recipients.criteria import related_models
from recipients.filters.declared import KINDS
from recipients.filters.fields import ATTRIBUTES, PREFIX, Operand, is_attribute_name, model_fields
from recipients.filters.lookups import starts_with
from recipients.filters.references import labels, rows_of
from recipients.filters.values import Kind
from recipients.models import Attribute, Recipient
from recipients.query.time_box import OutOfTime, time_box

SHOWN = 20
RECENT = 20_000
PATIENCE = 1.0
# A person's own data: nothing to choose from, and nothing to read through.
PERSONAL = ("email", "first_name", "last_name", "mobile_phone")


def values(source: str, text: str, numbers: Sequence[int] = ()) -> list[dict[str, Any]]:
    """At most twenty `{"value", "label"}` that begin with (values) or hold (labels) the text; none when it takes long.

    `numbers`: the labels of these rows instead.
    `source`: `in_list`, `subscribed_to`, `saved`, a scope of behaviours; `field:<name>`; `related:<model>:<field>`.
    """
    kind, _colon, name = source.partition(":")
    try:
        with time_box(PATIENCE):
            if numbers:
                return [{"value": pk, "label": label} for pk, label in labels(kind, set(numbers[:RECENT])).items()]
            if not name:
                return _rows(kind, text)
            return _of_field(name, text) if kind == "field" else _of_related(name, text)
    except OutOfTime:
        return []


def _rows(kind: str, text: str) -> list[dict[str, Any]]:
    rows = rows_of(kind)
    if rows is None:
        return []
    found = rows.filter(label__icontains=text).order_by("-pk").values_list("pk", "label")[:SHOWN]
    return [{"value": number, "label": label} for number, label in found]


def _of_field(name: str, text: str) -> list[dict[str, Any]]:
    if name.startswith(PREFIX):
        return _of_attribute(name.removeprefix(PREFIX), text)
    if name in PERSONAL:
        return []
    return _of_column(Recipient.objects.all(), model_fields(Recipient).columns.get(name), text)


def _of_related(name: str, text: str) -> list[dict[str, Any]]:
    code, _colon, field = name.partition(":")
    if code not in related_models:
        return []
    model = related_models.get(code).model
    return _of_column(model._default_manager.all(), model_fields(model).columns.get(field), text)


def _of_column(rows: QuerySet[Any], column: Any, text: str) -> list[dict[str, Any]]:
    if column is None or column.kind is not Kind.TEXT:
        return []
    return _distinct(rows, column.operand(), text)


def _of_attribute(name: str, text: str) -> list[dict[str, Any]]:
    declared = Attribute.objects.filter(name=name).first()
    if declared is not None and declared.kind == Attribute.Kind.CHOICE:
        return [entry for entry in declared.choices if text.lower() in str(entry["label"]).lower()][:SHOWN]
    if not is_attribute_name(name) or (declared is not None and KINDS[Attribute.Kind(declared.kind)] is not Kind.TEXT):
        return []
    return _distinct(Recipient.objects.all(), Operand(Kind.TEXT, ATTRIBUTES[Kind.TEXT](name)), text)


def _distinct(rows: QuerySet[Any], operand: Operand, text: str) -> list[dict[str, Any]]:
    """The most frequent values among the newest rows."""
    # The first that is too old, by the primary key alone: a list of the newest would be joined to the whole table.
    older = rows.order_by("-pk").values_list("pk", flat=True)[RECENT : RECENT + 1].first()
    newest = rows if older is None else rows.filter(pk__gt=older)
    found = newest.annotate(found_value=operand.expression).order_by()
    if text:
        found = found.filter(starts_with(operand, text))
    groups = found.values("found_value").annotate(people=Count("pk")).order_by("-people", "found_value")[: SHOWN + 1]
    shown = [group["found_value"] for group in groups if group["found_value"]]
    return [{"value": value, "label": value} for value in shown[:SHOWN]]
