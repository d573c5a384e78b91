"""From a document to a query: nested all, any and not, and at the leaves one condition per kind of node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import reduce
from operator import and_, or_
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from recipients.filters.comparisons import compile_comparison
from recipients.filters.context import FilterContext
from recipients.filters.declared import require_declared
from recipients.filters.errors import FilterError, Path
from recipients.filters.fields import Document, FieldSet, model_fields, recipient_fields
from recipients.filters.limits import check_limits
from recipients.filters.memberships import compile_behaviour, compile_in_list, compile_subscribed_to
from recipients.filters.references import require_existing
from recipients.filters.related import compile_related, find_related, rows_of
from recipients.filters.saved import expand
from recipients.filters.shape import refuse_unknown_keys, require_object
from recipients.models import Recipient

# Any instant will do to check a document.
SOME_CONTEXT = FilterContext(datetime(2000, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))


def select(document: Any, context: FilterContext, *, beside: Document | None = None) -> QuerySet[Recipient]:
    """The people whom the filter selects, each once: one composable query without order. Raises FilterError.

    `beside`: a document of each person that the filter may read besides the fields of recipients.
    """
    return Recipient.objects.filter(condition(document, context, beside=beside)).order_by()


def validate(
    document: Any,
    *,
    existing: bool = False,
    parameters: Mapping[str, Any] | None = None,
    beside: Document | None = None,
) -> None:
    """Raise FilterError, naming the place, unless the document is a filter.

    `existing`: also what it names by number must exist, and values must be of the type of their declared attribute:
    for documents that are about to be saved. `parameters`: values of the document's own ones.
    """
    condition(document, SOME_CONTEXT, parameters, beside=beside)
    if existing:
        require_existing(document)
        require_declared(document)


def condition(
    document: Any,
    context: FilterContext,
    parameters: Mapping[str, Any] | None = None,
    *,
    beside: Document | None = None,
) -> Q:
    """What the filter says of a recipient, as one condition. Raises FilterError."""
    require_object(document, ())
    check_limits(document)
    expanded = expand(document, parameters)
    require_object(expanded, ())
    check_limits(expanded)
    return _node(expanded, recipient_fields(beside), context, ())


def related_rows(name: Any, where: Any, context: FilterContext) -> QuerySet[Any]:
    """The rows of a registered model that lead to the person of the outer query (`OuterRef("pk")`), and are such as
    `where` says, unless that is None. Raises FilterError."""
    related = find_related(name, ("related",))
    rows = rows_of(related)
    if where is None:
        return rows
    check_limits(where)
    return rows.filter(_node(where, model_fields(related.model), context, ("where",)))


def _node(node: Any, fields: FieldSet, context: FilterContext, path: Path) -> Q:
    document = require_object(node, path)
    for key, compile_group in GROUPS.items():
        if key in document:
            refuse_unknown_keys(document, {key}, path)
            return compile_group(document[key], fields, context, (*path, key))
    if "field" in document:
        return compile_comparison(document, fields, context, path)
    # Only a filter over recipients has attributes; the fields of a related model stand alone.
    if fields.attributes:
        return _about_recipient(document, context, path)
    raise _unknown(document, path)


def _about_recipient(document: dict[str, Any], context: FilterContext, path: Path) -> Q:
    if "related" in document:
        return compile_related(document, context, path, _node)
    for key, compile_leaf in LEAVES.items():
        if key in document:
            return compile_leaf(document, context, path)
    raise _unknown(document, path)


def _unknown(document: dict[str, Any], path: Path) -> FilterError:
    key = str(next(iter(document)))[:100]
    return FilterError(_("Unknown key: %(name)s.") % {"name": key}, (*path, key))


def _all(nodes: Any, fields: FieldSet, context: FilterContext, path: Path) -> Q:
    return reduce(and_, _nodes(nodes, fields, context, path))


def _any(nodes: Any, fields: FieldSet, context: FilterContext, path: Path) -> Q:
    return reduce(or_, _nodes(nodes, fields, context, path))


def _nodes(nodes: Any, fields: FieldSet, context: FilterContext, path: Path) -> list[Q]:
    if not isinstance(nodes, list) or not nodes:
        raise FilterError(_("A list with at least one filter is needed here."), path)
    return [_node(node, fields, context, (*path, at)) for at, node in enumerate(nodes)]


def _not(node: Any, fields: FieldSet, context: FilterContext, path: Path) -> Q:
    return ~_node(node, fields, context, path)


def _everyone(value: Any, fields: FieldSet, context: FilterContext, path: Path) -> Q:
    if value is not True:
        raise FilterError(_("“everyone” can only be true."), path)
    return Q(pk__isnull=False)


GROUPS: dict[str, Callable[[Any, FieldSet, FilterContext, Path], Q]] = {
    "all": _all,
    "any": _any,
    "not": _not,
    "everyone": _everyone,
}
LEAVES: dict[str, Callable[[dict[str, Any], FilterContext, Path], Q]] = {
    "in_list": compile_in_list,
    "subscribed_to": compile_subscribed_to,
    "delivery": compile_behaviour,
}
