"""`{"related": name, …, "where": FILTER}`: rows of other models that lead to the person (see `recipients/criteria.py`).

    {"related": "purchases", "where": F}                                             at least one row
    {"related": "purchases", "count": {"op": "gte", "value": 3}, "where": F}         so many rows; 3 means “at least 3”
    {"related": "purchases", "sum": {"field": "amount", "op": "gt", "value": 100}}   also max, min, avg

`where` may be left out (all rows); it sees the fields of the related model. The operators of an aggregate are equals,
not_equals, lt, lte, gt, gte and between. Somebody without any such row has the count 0 and no sum, max, min or avg:
like every missing value, that satisfies not_equals alone. `max` and `min` also take dates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Avg, Count, Exists, ExpressionWrapper, F, Max, Min, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from recipients.criteria import RelatedModel, related_models
from recipients.filters.comparisons import ORDERS, compare
from recipients.filters.context import FilterContext
from recipients.filters.errors import FilterError, Path
from recipients.filters.fields import OUTPUT_FIELDS, AttributeField, FieldSet, Operand, model_fields
from recipients.filters.shape import refuse_unknown_keys
from recipients.filters.values import Kind

AGGREGATES: dict[str, type[Any]] = {"sum": Sum, "max": Max, "min": Min, "avg": Avg}
OPERATORS = ("equals", "not_equals", *ORDERS, "between")
ARITHMETIC = (Kind.INTEGER, Kind.NUMBER)
Compile = Callable[[Any, FieldSet, FilterContext, Path], Q]


def compile_related(node: dict[str, Any], context: FilterContext, path: Path, compile_where: Compile) -> Q:
    refuse_unknown_keys(node, {"related", "where", "count", *AGGREGATES}, path)
    related = find_related(node["related"], (*path, "related"))
    chosen = [name for name in ("count", *AGGREGATES) if name in node]
    if len(chosen) > 1:
        raise FilterError(_("Only one of %(names)s can be used here.") % {"names": ", ".join(chosen)}, path)
    fields = model_fields(related.model)
    rows = rows_of(related)
    if "where" in node:
        rows = rows.filter(compile_where(node["where"], fields, context, (*path, "where")))
    if not chosen:
        return Q(Exists(rows))
    place = (*path, chosen[0])
    if chosen == ["count"]:
        return _count(rows, related, node["count"], context, place)
    return _aggregate(rows, related, fields, (chosen[0], node[chosen[0]]), context, place)


def find_related(name: Any, path: Path) -> RelatedModel:
    if not isinstance(name, str) or name not in related_models:
        message = _("Unknown related model: %(name)s; there are %(names)s.")
        raise FilterError(message % {"name": str(name)[:100], "names": ", ".join(related_models.codes())}, path)
    return related_models.get(name)


def rows_of(related: RelatedModel) -> QuerySet[Any]:
    return related.model._default_manager.filter(**{related.path: OuterRef("pk")}).order_by()


def _count(rows: QuerySet[Any], related: RelatedModel, node: Any, context: FilterContext, path: Path) -> Q:
    bare = isinstance(node, int) and not isinstance(node, bool)
    document = _document({"op": "gte", "value": node} if bare else node, {"op", "value"}, path)
    operand = Operand(Kind.INTEGER, _column("aggregate", Kind.INTEGER), nullable=False)
    condition = compare(operand, document["op"], document, context, path)
    groups = rows.values(related.path).annotate(aggregate=Count("*"))
    if _true_of_zero(document):
        return ~Q(Exists(groups.filter(~condition)))
    return Q(Exists(groups.filter(condition)))


def _true_of_zero(document: dict[str, Any]) -> bool:
    """Whether people without a row satisfy the condition: no group of rows can say so."""
    value = document["value"]
    if document["op"] == "between":
        return bool(value[0] <= 0 <= value[1])
    tests = {"lt": value > 0, "lte": value >= 0, "gt": value < 0, "gte": value <= 0, "not_equals": value != 0}
    return bool(tests.get(document["op"], value == 0))


def _aggregate(
    rows: QuerySet[Any],
    related: RelatedModel,
    fields: FieldSet,
    chosen: tuple[str, Any],
    context: FilterContext,
    path: Path,
) -> Q:
    name, node = chosen
    document = _document(node, {"field", "op", "value"}, path)
    column = fields.get(document.get("field"), (*path, "field"))
    if isinstance(column, AttributeField) or not _can_aggregate(name, column.kind):
        message = _("%(aggregate)s can't be computed over the field %(name)s.")
        raise FilterError(message % {"aggregate": name, "name": str(document["field"])[:100]}, (*path, "field"))
    kind = Kind.NUMBER if name in ("sum", "avg") else column.kind
    value = AGGREGATES[name](F(column.column), output_field=OUTPUT_FIELDS[kind]())
    groups = rows.values(related.path).annotate(aggregate=value)
    operand = Operand(kind, _column("aggregate", kind))
    if document["op"] == "not_equals":
        return ~Q(Exists(groups.filter(compare(operand, "equals", document, context, path))))
    return Q(Exists(groups.filter(compare(operand, document["op"], document, context, path))))


def _can_aggregate(name: str, kind: Kind) -> bool:
    return kind in ARITHMETIC or (name in ("max", "min") and kind in (Kind.DATE, Kind.DATETIME))


def _column(name: str, kind: Kind) -> Any:
    return ExpressionWrapper(F(name), output_field=OUTPUT_FIELDS[kind]())


def _document(node: Any, keys: set[str], path: Path) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise FilterError(_("An object with %(names)s is needed here.") % {"names": ", ".join(sorted(keys))}, path)
    refuse_unknown_keys(node, keys, path)
    if node.get("op") not in OPERATORS:
        message = _("Unknown operator: %(name)s; there are %(names)s.")
        names = ", ".join(OPERATORS)
        raise FilterError(message % {"name": str(node.get("op"))[:100], "names": names}, (*path, "op"))
    return node
