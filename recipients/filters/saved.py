"""`{"saved": id, "with": {name: value}}`: a filter that has a name, with values for its parameters.

A document is expanded before it is compiled: the node gives place to the saved filter's document, in which each
`{"parameter": name}` gives place to its value. Saved filters may use others, a few levels deep, never themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from recipients.filters.errors import FilterError, Path
from recipients.filters.limits import MAX_CONDITIONS
from recipients.filters.shape import refuse_unknown_keys
from recipients.filters.values import read_id
from recipients.models import SavedFilter

MAX_NESTING = 5
# What stands for a parameter without a default when a saved filter is checked.
SAMPLES: dict[str, Any] = {
    "text": "a",
    "integer": 1,
    "number": 1,
    "boolean": True,
    "date": {"today": 0},
    "list": 1,
    "service": 1,
}


def expand(document: Any, parameters: Mapping[str, Any] | None = None) -> Any:
    """The document without `saved` and `parameter`. `parameters`: the values of its own ones, when it is a saved one.

    Raises FilterError, naming the place: no such saved filter, a cycle, a parameter that has no value or is unknown.
    """
    return _Expansion().node(document, (), parameters, ())


def default_values(parameters: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The values with which a saved filter stands for itself: its defaults, else any value of the right kind."""
    samples = {str(entry["name"]): SAMPLES.get(str(entry.get("kind", "text")), "a") for entry in parameters}
    return {**samples, **given_defaults(parameters)}


def given_defaults(parameters: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {str(entry["name"]): entry["default"] for entry in parameters if entry.get("default") is not None}


class _Expansion:
    """One document's expansion: each saved filter is read once, and what comes out stays small."""

    def __init__(self) -> None:
        self.rows: dict[int, SavedFilter | None] = {}
        self.conditions = 0

    def node(self, node: Any, path: Path, values: Mapping[str, Any] | None, inside: tuple[int, ...]) -> Any:
        if isinstance(node, list):
            return [self.node(item, (*path, at), values, inside) for at, item in enumerate(node)]
        if not isinstance(node, dict):
            return node
        self._count(path)
        if set(node) == {"parameter"}:
            return _value_of(node["parameter"], path, values)
        if "saved" in node:
            return self._saved(node, path, values, inside)
        return {key: self.node(value, (*path, key), values, inside) for key, value in node.items()}

    def _count(self, path: Path) -> None:
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            message = _("With its saved filters, a filter has at most %(count)d conditions.")
            raise FilterError(message % {"count": MAX_CONDITIONS}, path[:3])

    def _saved(
        self, node: dict[str, Any], path: Path, values: Mapping[str, Any] | None, inside: tuple[int, ...]
    ) -> Any:
        refuse_unknown_keys(node, {"saved", "with"}, path)
        place = (*path, "saved")
        number = read_id(self.node(node["saved"], place, values, inside), place)
        if number in inside:
            raise FilterError(_("A saved filter can't use itself."), place)
        if len(inside) >= MAX_NESTING:
            message = _("Saved filters use each other over at most %(count)d levels.")
            raise FilterError(message % {"count": MAX_NESTING}, place)
        row = self._row(number, place)
        given = self.node(node.get("with", {}), (*path, "with"), values, inside)
        return self.node(row.filter, path, _arguments(row, given, path), (*inside, number))

    def _row(self, number: int, place: Path) -> SavedFilter:
        if number not in self.rows:
            self.rows[number] = SavedFilter.objects.filter(pk=number).first()
        row = self.rows[number]
        if row is None:
            raise FilterError(_("There is no saved filter %(number)s.") % {"number": number}, place)
        return row


def _arguments(row: SavedFilter, given: Any, path: Path) -> dict[str, Any]:
    place = (*path, "with")
    if not isinstance(given, dict):
        raise FilterError(_("The values of the parameters are an object, by name."), place)
    names = [str(entry["name"]) for entry in row.parameters]
    for name in given:
        if name not in names:
            message = _("The saved filter “%(label)s” has no parameter %(name)s.")
            raise FilterError(message % {"label": row.label, "name": str(name)[:100]}, (*place, str(name)[:100]))
    values = {**given_defaults(row.parameters), **given}
    missing = [name for name in names if name not in values]
    if missing:
        message = _("The saved filter “%(label)s” needs a value for %(names)s.")
        raise FilterError(message % {"label": row.label, "names": ", ".join(missing)}, place)
    return values


def _value_of(name: Any, path: Path, values: Mapping[str, Any] | None) -> Any:
    if values is None:
        raise FilterError(_("Only a saved filter has parameters."), path)
    if not isinstance(name, str) or name not in values:
        raise FilterError(_("There is no parameter %(name)s.") % {"name": str(name)[:100]}, path)
    return values[name]
