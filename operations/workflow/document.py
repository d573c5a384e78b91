"""The definition as a value: activities by name and the transitions between them, read from a document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Invalid
from operations.models import WorkflowVersion

MAXIMUM_NAME = 100
MAXIMUM_LABEL = 200
MAXIMUM_ACTIVITIES = 500
MAXIMUM_TRANSITIONS = 2000
FARTHEST = 1_000_000
DOCUMENT_KEYS = frozenset({"version", "activities", "transitions"})
ACTIVITY_KEYS = frozenset({"name", "type", "label", "x", "y", "config"})
TRANSITION_KEYS = frozenset({"source", "outlet", "target"})
# The type of activity that stands for an end of an arrow without a line, and its two kinds.
JUMP = "jump"
JUMP_START, JUMP_END = "start", "end"


class InvalidDefinition(Invalid):
    """The document can't be saved; `fields` names the activities (or the places) at fault."""

    code = "invalid_definition"


@dataclass(frozen=True)
class Node:
    """One activity of the drawing."""

    name: str
    type: str
    label: str
    x: int
    y: int
    config: Mapping[str, Any]

    def jump_number(self, kind: str) -> int | None:
        """The number of this point, if it is a jump's start or end as asked."""
        if self.type != JUMP or not isinstance(self.config, Mapping) or self.config.get("kind", JUMP_START) != kind:
            return None
        number = self.config.get("number")
        return number if isinstance(number, int) else None

    def document(self) -> dict[str, Any]:
        return {**vars(self), "config": dict(self.config)}


@dataclass(frozen=True)
class Arrow:
    """One transition of the drawing."""

    source: str
    outlet: str
    target: str

    def document(self) -> dict[str, str]:
        return dict(vars(self))


@dataclass(frozen=True)
class Definition:
    """`arrows` are those that are drawn; everything else counts the jumps too."""

    nodes: Mapping[str, Node]
    arrows: tuple[Arrow, ...]

    @cached_property
    def jumps(self) -> tuple[Arrow, ...]:
        """The arrows without a line: from each start point to the end point with its number."""
        starts = [
            (node, number) for node in self.nodes.values() if (number := node.jump_number(JUMP_START)) is not None
        ]
        ends = {node.name: node.jump_number(JUMP_END) for node in self.nodes.values() if node.type == JUMP}
        return tuple(
            Arrow(start.name, "out", name) for start, number in starts for name, end in ends.items() if end == number
        )

    def arrows_into(self, name: str) -> list[Arrow]:
        return [arrow for arrow in (*self.arrows, *self.jumps) if arrow.target == name]

    def arrows_from(self, name: str) -> list[Arrow]:
        return [arrow for arrow in (*self.arrows, *self.jumps) if arrow.source == name]

    def sources_of(self, name: str) -> list[str]:
        """The activities with a transition into this one, each once, in the order of the drawing."""
        return list(dict.fromkeys(arrow.source for arrow in self.arrows_into(name)))

    def downstream(self, names: Iterable[str]) -> set[str]:
        """These activities and all that can be reached from them."""
        return self._closure(names, {name: [arrow.target for arrow in self.arrows_from(name)] for name in self.nodes})

    def upstream(self, names: Iterable[str]) -> set[str]:
        """These activities and all from which they can be reached."""
        return self._closure(names, {name: self.sources_of(name) for name in self.nodes})

    def _closure(self, names: Iterable[str], neighbours: Mapping[str, list[str]]) -> set[str]:
        found: set[str] = set()
        pending = [name for name in names if name in self.nodes]
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending += [neighbour for neighbour in neighbours[name] if neighbour in self.nodes]
        return found

    def document(self) -> dict[str, Any]:
        return {
            "activities": [node.document() for node in self.nodes.values()],
            "transitions": [arrow.document() for arrow in self.arrows],
        }


def definition_of(version: WorkflowVersion) -> Definition:
    """The drawing of a saved version."""
    return parse(version.definition)


def refuse_unknown_keys(document: Mapping[str, Any], added: frozenset[str] = frozenset()) -> None:
    """Raise InvalidDefinition for a key of the document, of an activity or of a transition that means nothing.

    `added` are the keys that reading adds to activities: what was read may be sent back.
    """
    _refuse_keys("definition", document, DOCUMENT_KEYS)
    for _place, entry in _entries(document, "activities", MAXIMUM_ACTIVITIES):
        _refuse_keys(str(entry.get("name")), {key: None for key in entry if key not in added}, ACTIVITY_KEYS)
    for place, entry in _entries(document, "transitions", MAXIMUM_TRANSITIONS):
        _refuse_keys(place, entry, TRANSITION_KEYS)


def _refuse_keys(place: str, entry: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(str(key) for key in entry if key not in known)
    if unknown:
        message = _("%(place)s: unknown key %(unknown)s; there are %(known)s.")
        names = {"unknown": ", ".join(unknown), "known": ", ".join(sorted(known))}
        raise _invalid(place, message % {"place": place, **names})


def parse(document: Any) -> Definition:
    """The value of a document. Raises InvalidDefinition; other keys are ignored."""
    if not isinstance(document, Mapping):
        raise _invalid("definition", _("A definition is an object with activities and transitions."))
    _require_storable(document)
    nodes: dict[str, Node] = {}
    for place, entry in _entries(document, "activities", MAXIMUM_ACTIVITIES):
        node = _node(place, entry)
        if node.name in nodes:
            raise _invalid(node.name, _("%(name)s: two activities have this name.") % {"name": node.name})
        nodes[node.name] = node
    arrows = [_arrow(place, entry) for place, entry in _entries(document, "transitions", MAXIMUM_TRANSITIONS)]
    return Definition(nodes, tuple(dict.fromkeys(arrows)))


def _require_storable(document: Mapping[str, Any]) -> None:
    try:
        text = json.dumps(document, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise _invalid("definition", _("The document can't be stored: %(why)s") % {"why": error}) from error
    if "\\u0000" in text:
        raise _invalid("definition", _("The document can't be stored: it holds a NUL character."))


def _entries(document: Mapping[str, Any], key: str, maximum: int) -> list[tuple[str, Mapping[str, Any]]]:
    entries = document.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise _invalid(key, _("%(key)s is a list of objects.") % {"key": key})
    if len(entries) > maximum:
        raise _invalid(key, _("%(key)s: at most %(maximum)d.") % {"key": key, "maximum": maximum})
    return [(f"{key}.{number}", entry) for number, entry in enumerate(entries)]


def _node(place: str, entry: Mapping[str, Any]) -> Node:
    name = _text(entry, "name", place, MAXIMUM_NAME)
    config = entry.get("config")
    return Node(
        name=name,
        type=_text(entry, "type", name, MAXIMUM_NAME),
        label=_text(entry, "label", name, MAXIMUM_LABEL, default=""),
        x=_coordinate(entry, "x", name),
        y=_coordinate(entry, "y", name),
        config={} if config is None else config,
    )


def _arrow(place: str, entry: Mapping[str, Any]) -> Arrow:
    return Arrow(
        source=_text(entry, "source", place, MAXIMUM_NAME),
        outlet=_text(entry, "outlet", place, MAXIMUM_NAME, default="out"),
        target=_text(entry, "target", place, MAXIMUM_NAME),
    )


def _text(entry: Mapping[str, Any], key: str, place: str, maximum: int, default: str | None = None) -> str:
    value = entry.get(key)
    if value is None or value == "":
        value = default
    if not isinstance(value, str) or len(value) > maximum:
        message = _("%(place)s: %(key)s is a text of at most %(maximum)d characters.")
        raise _invalid(place, message % {"place": place, "key": key, "maximum": maximum})
    return value


def _coordinate(entry: Mapping[str, Any], key: str, place: str) -> int:
    value = entry.get(key, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > FARTHEST:
        message = _("%(place)s: %(key)s is a number from -%(farthest)d to %(farthest)d.")
        raise _invalid(place, message % {"place": place, "key": key, "farthest": FARTHEST})
    return round(value)


def _invalid(place: str, message: str) -> InvalidDefinition:
    return InvalidDefinition(message, fields={place: [message]})
