"""Enrichment: values added to each person who comes in, for the activities after it and for messages.

    {"name": "town", "from": "field", "field": "attributes.town"}
    {"name": "spent", "from": "related", "related": "purchases", "aggregate": "sum", "field": "amount", "where": FILTER}
    {"name": "last_purchase", "from": "related", "related": "purchases", "aggregate": "last", "field": "product",
     "order_by": "bought_on"}
    {"name": "opened", "from": "filter", "filter": {"delivery": "opened", "days": 30}}      true or false
    {"name": "wave", "from": "constant", "value": "autumn"}

A message reads them as `target.<name>`. What was added before stays; of two with one name the newer counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.db.models import Avg, Count, Exists, F, Max, Min, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.workflow import added_data, populations
from operations.workflow.added_data import MAXIMUM_COLUMNS, as_json, check_name, constant
from operations.workflow.base import ActivityFailed, ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.fields import JsonField, check_filter, check_recipient_field, require_objects
from operations.workflow.json_sql import JsonKey
from operations.workflow.registry import register
from recipients.criteria import related_models
from recipients.filters import Document, FilterContext, FilterError, select
from recipients.filters.compiler import SOME_CONTEXT, related_rows
from recipients.filters.fields import OUTPUT_FIELDS, AttributeField, Column, model_fields, recipient_fields
from recipients.filters.values import Kind
from recipients.models import Recipient

AGGREGATES: dict[str, Any] = {"sum": Sum, "avg": Avg, "max": Max, "min": Min}
CHOICES = {"count": "", "last": "", "first": "", **AGGREGATES}
KEYS: dict[str, set[str]] = {
    "field": {"field"},
    "related": {"related", "aggregate", "field", "order_by", "where"},
    "filter": {"filter"},
    "constant": {"value"},
}
MAXIMUM_TEXT = 1_000


class ColumnsField(JsonField):
    def describe(self, scope: Any) -> dict[str, Any]:
        models = [[name, str(related_models.get(name).label)] for name in related_models.codes()]
        columns = [
            {"name": "name", "label": _("Name"), "editor": "text", "required": True},
            {"name": "from", "label": _("From"), "editor": "choice", "choices": _sources(), "required": True},
            {"name": "field", "label": _("Field"), "editor": "field"},
            {"name": "related", "label": _("Table"), "editor": "choice", "choices": models},
            {"name": "aggregate", "label": _("Value"), "editor": "choice", "choices": _aggregates()},
            {"name": "order_by", "label": _("In the order of"), "editor": "text"},
            {"name": "where", "label": _("Rows"), "editor": "filter", "subject": "related"},
            {"name": "filter", "label": _("Who"), "editor": "filter"},
            {"name": "value", "label": _("Constant"), "editor": "text"},
        ]
        return {"editor": "rows", "columns": columns, "fresh": [{"name": "town", "from": "field", "field": "email"}]}

    def clean(self, value: Any) -> Any:
        """A form sends every key of a row; those that its kind of column doesn't use are empty."""
        if isinstance(value, list):
            value = [_without_blanks(row) for row in value]
        return super().clean(value)

    def check(self, value: Any) -> None:
        rows = require_objects(value, {"name", "from"}.union(*KEYS.values()))
        if len(rows) > MAXIMUM_COLUMNS:
            message = _("At most %(maximum)d values can be added.")
            raise forms.ValidationError(message % {"maximum": MAXIMUM_COLUMNS})
        names = [check_name(row.get("name")) for row in rows]
        doubles = {name for name in names if names.count(name) > 1}
        if doubles:
            raise forms.ValidationError(_("The name “%(name)s” is taken.") % {"name": doubles.pop()})
        for row in rows:
            _check_row(row)


class EnrichmentConfig(ConfigForm):
    columns = ColumnsField(
        label=gettext_lazy("Values"),
        help_text=gettext_lazy("A message reads them as target.name."),
    )


@register
class Enrichment(ActivityType):
    code = "enrichment"
    label = gettext_lazy("Enrichment")
    description = gettext_lazy("Adds values to each person, for messages and the activities after it.")
    icon = "table-properties"
    Config = EnrichmentConfig

    def adds(self, config: Mapping[str, Any]) -> list[str]:
        return [row["name"] for row in config["columns"]]

    def execute(self, context: TaskContext) -> Outcome:
        population = context.required_population()
        beside = added_data.beside(population)
        try:
            columns = {
                row["name"]: _expression(row, context.filter_context, beside) for row in context.config["columns"]
            }
        except FilterError as error:
            # A table that was registered when the workflow was drawn may be gone.
            raise ActivityFailed(str(error)) from error
        enriched = populations.store(context.task, "out", populations.members(population))
        people = populations.within(Recipient.objects.order_by(), enriched)
        added_data.add(enriched, people, columns, onto=population)
        return Done({"out": enriched})


def _sources() -> list[list[str]]:
    return [
        ["field", _("A field of the recipient")],
        ["related", _("Another table")],
        ["filter", _("A condition: true or false")],
        ["constant", _("A constant")],
    ]


def _aggregates() -> list[list[str]]:
    return [
        ["count", _("Number of rows")],
        ["sum", _("Sum")],
        ["avg", _("Average")],
        ["max", _("Highest")],
        ["min", _("Lowest")],
        ["last", _("Of the last row")],
        ["first", _("Of the first row")],
    ]


def _without_blanks(row: Any) -> Any:
    if not isinstance(row, Mapping):
        return row
    return {key: value for key, value in row.items() if value is not None and (value != "" or key == "value")}


def _check_row(row: Mapping[str, Any]) -> None:
    source = row.get("from")
    if not isinstance(source, str) or source not in KEYS:
        raise forms.ValidationError(_("“from” is one of %(names)s.") % {"names": ", ".join(KEYS)})
    unused = sorted(set(row) - {"name", "from"} - KEYS[source])
    # An empty constant is what a form sends for the other kinds.
    if [key for key in unused if row[key] != ""]:
        message = _("%(name)s: “%(key)s” is not used with “%(source)s”.")
        raise forms.ValidationError(message % {"name": row["name"], "key": unused[0], "source": source})
    try:
        CHECKS[source](row)
    except FilterError as error:
        raise forms.ValidationError(f"{row['name']}: {error}") from error


def _check_field(row: Mapping[str, Any]) -> None:
    check_recipient_field(row.get("field"))


def _check_filter(row: Mapping[str, Any]) -> None:
    check_filter(row.get("filter"), added=True)


def _check_constant(row: Mapping[str, Any]) -> None:
    value = row.get("value")
    if not isinstance(value, str | int | float) or len(str(value)) > MAXIMUM_TEXT:
        message = _("%(name)s: a constant is a text of at most %(maximum)d characters, a number, true or false.")
        raise forms.ValidationError(message % {"name": row["name"], "maximum": MAXIMUM_TEXT})


def _check_related(row: Mapping[str, Any]) -> None:
    _related(row, SOME_CONTEXT)


def _expression(row: Mapping[str, Any], context: FilterContext, beside: Document) -> Any:
    if row["from"] == "filter":
        return _filter(row, context, beside)
    return EXPRESSIONS[row["from"]](row, context)


def _field(row: Mapping[str, Any], context: FilterContext) -> Any:
    field = recipient_fields().get(row["field"], ())
    if isinstance(field, AttributeField):
        return JsonKey(field.name)
    return as_json(field.operand().expression, field.kind)


def _filter(row: Mapping[str, Any], context: FilterContext, beside: Document) -> Any:
    return as_json(Exists(select(row["filter"], context, beside=beside).filter(pk=OuterRef("pk"))), Kind.BOOLEAN)


def _constant(row: Mapping[str, Any], context: FilterContext) -> Any:
    return constant(row["value"])


def _related(row: Mapping[str, Any], context: FilterContext) -> Any:
    rows = related_rows(row.get("related"), row.get("where"), context)
    name = row.get("aggregate", "count")
    if name not in CHOICES:
        raise forms.ValidationError(_("“aggregate” is one of %(names)s.") % {"names": ", ".join(CHOICES)})
    related = related_models.get(row["related"])
    groups = rows.values(related.path)
    if name == "count":
        counted = groups.annotate(value=Count("*")).values("value")
        return Coalesce(Subquery(counted), Value(0))
    column = _column(rows, row.get("field"), "field")
    if name in ("last", "first"):
        return _of_one(rows, column, row.get("order_by", rows.model._meta.pk.name), descending=name == "last")
    return _aggregate(groups, name, column)


def _of_one(rows: QuerySet[Any], column: Column, order_by: Any, *, descending: bool) -> Any:
    order = OrderBy(F(_column(rows, order_by, "order_by").column), descending=descending, nulls_last=True)
    chosen = rows.order_by(order, OrderBy(F("pk"), descending=descending)).values(column.column)[:1]
    return as_json(Subquery(chosen, output_field=OUTPUT_FIELDS[column.kind]()), column.kind)


def _aggregate(groups: QuerySet[Any, Any], name: str, column: Column) -> Any:
    arithmetic = column.kind in (Kind.INTEGER, Kind.NUMBER)
    if not arithmetic and (name in ("sum", "avg") or column.kind not in (Kind.DATE, Kind.DATETIME)):
        message = _("%(aggregate)s can't be computed over the field %(name)s.")
        raise FilterError(message % {"aggregate": name, "name": column.column}, ("field",))
    kind = Kind.NUMBER if name in ("sum", "avg") else column.kind
    value = AGGREGATES[name](F(column.column), output_field=OUTPUT_FIELDS[kind]())
    found = groups.annotate(value=value).values("value")
    return as_json(Subquery(found, output_field=OUTPUT_FIELDS[kind]()), kind)


def _column(rows: QuerySet[Any], name: Any, key: str) -> Column:
    column = model_fields(rows.model).get(name, (key,))
    if isinstance(column, AttributeField):
        raise TypeError(name)
    return column


CHECKS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "field": _check_field,
    "related": _check_related,
    "filter": _check_filter,
    "constant": _check_constant,
}
EXPRESSIONS: dict[str, Callable[[Mapping[str, Any], FilterContext], Any]] = {
    "field": _field,
    "related": _related,
    "constant": _constant,
}
