"""The rows that a filter names by number: lists, services, saved filters, deliveries, series, operations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from recipients.filters.behaviours import scopes
from recipients.filters.errors import FilterError, Path
from recipients.models import RecipientList, SavedFilter, Service

LISTS, SERVICES, SAVED = "in_list", "subscribed_to", "saved"


@dataclass(frozen=True)
class Reference:
    """`kind`: the key of the node, or the code of a scope."""

    kind: str
    number: int
    path: Path


def references(document: Any, path: Path = ()) -> Iterator[Reference]:
    """Every number of a row that the document holds, and where."""
    if isinstance(document, list):
        for at, item in enumerate(document):
            yield from references(item, (*path, at))
    elif isinstance(document, dict):
        yield from _of_object(document, path)


def _of_object(node: dict[str, Any], path: Path) -> Iterator[Reference]:
    for key, value in node.items():
        place = (*path, key)
        if key in (LISTS, SERVICES, SAVED) and isinstance(value, int):
            yield Reference(key, value, place)
        elif key == "of" and isinstance(value, dict) and "delivery" in node:
            yield from (
                Reference(code, number, (*place, code)) for code, number in value.items() if isinstance(number, int)
            )
        elif key != "value":
            yield from references(value, place)


def rows_of(kind: str) -> QuerySet[Any] | None:
    """The rows, with a `label`, that a reference of this kind may name; None when nobody registered them."""
    if kind in scopes:
        return scopes.get(kind).rows()
    models: dict[str, Any] = {LISTS: RecipientList, SERVICES: Service, SAVED: SavedFilter}
    return models[kind].objects.all() if kind in models else None


def labels(kind: str, numbers: set[int]) -> dict[int, str]:
    """The labels of those of the rows that exist: one query."""
    rows = rows_of(kind)
    return {} if rows is None else dict(rows.filter(pk__in=numbers).values_list("pk", "label"))


def require_existing(document: Any) -> None:
    """Raise FilterError, naming the first that is missing, unless every row that the filter names exists."""
    found = list(references(document))
    for kind in dict.fromkeys(reference.kind for reference in found):
        if rows_of(kind) is None:
            continue
        named = [reference for reference in found if reference.kind == kind]
        known = labels(kind, {reference.number for reference in named})
        missing = next((reference for reference in named if reference.number not in known), None)
        if missing is not None:
            raise FilterError(_missing(kind, missing.number), missing.path)


def _missing(kind: str, number: int) -> str:
    messages = {
        LISTS: _("There is no recipient list %(number)s."),
        SERVICES: _("There is no service %(number)s."),
        SAVED: _("There is no saved filter %(number)s."),
        "delivery": _("There is no delivery %(number)s."),
        "series": _("There is no series %(number)s."),
        "operation": _("There is no operation %(number)s."),
    }
    return messages[kind] % {"number": number}
