"""The declared type of an attribute, where there is one: what a value compared with it means, and whether it can."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from recipients.filters.errors import FilterError, Path
from recipients.filters.fields import PREFIX
from recipients.filters.values import Kind, kind_of
from recipients.models import Attribute

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
KINDS = {
    Attribute.Kind.TEXT: Kind.TEXT,
    Attribute.Kind.CHOICE: Kind.TEXT,
    Attribute.Kind.NUMBER: Kind.NUMBER,
    Attribute.Kind.BOOLEAN: Kind.BOOLEAN,
    Attribute.Kind.DATE: Kind.DATE,
}
# Operators that say by themselves what they compare.
_SELF_EXPLAINED = ("contains", "starts_with", "ends_with", "matches_domain", "anniversary", "within_last", "older_than")


def means_dates(name: str, value: Any) -> bool:
    """Whether these texts are dates to this attribute: they look so, and it is declared as a date."""
    return are_days(value) and Attribute.objects.filter(name=name, kind=Attribute.Kind.DATE).exists()


def require_declared(document: Any) -> None:
    """Raise FilterError for a value that a declared attribute can never equal: a text against a number, say."""
    compared = list(_comparisons(document, ()))
    names = {node["field"].removeprefix(PREFIX) for node, _path in compared}
    declared = dict(Attribute.objects.filter(name__in=names).values_list("name", "kind")) if names else {}
    for node, path in compared:
        kind = declared.get(node["field"].removeprefix(PREFIX))
        if kind is not None and not _fits(KINDS[Attribute.Kind(kind)], node["value"], path):
            message = _("The attribute %(name)s is declared with the type “%(kind)s”.")
            shown = Attribute.Kind(kind).label
            raise FilterError(message % {"name": node["field"].removeprefix(PREFIX), "kind": shown}, (*path, "value"))


def _fits(kind: Kind, value: Any, path: Path) -> bool:
    found = kind_of(value, (*path, "value"))
    return found is kind or (kind is Kind.DATE and found is Kind.TEXT and are_days(value))


def are_days(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return all(isinstance(item, dict) or (isinstance(item, str) and DAY.fullmatch(item)) for item in items)


def _comparisons(node: Any, path: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    if isinstance(node, list):
        for at, item in enumerate(node):
            yield from _comparisons(item, (*path, at))
    elif isinstance(node, dict):
        name = node.get("field")
        if isinstance(name, str) and name.startswith(PREFIX):
            if "value" in node and node.get("op") not in _SELF_EXPLAINED and not _is_parameter(node["value"]):
                yield node, path
            return
        for key in ("all", "any", "not"):
            yield from _comparisons(node.get(key), (*path, key))


def _is_parameter(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return any(isinstance(item, dict) and "parameter" in item for item in items)
