"""What differs between two drawings, activity by activity and field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from operations.workflow.document import Arrow, Definition, Node
from operations.workflow.registry import activity_types

ABSENT = object()


@dataclass(frozen=True)
class Change:
    """One field; None where it was or is absent."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Difference:
    """`kind` is added, removed, changed or moved (only on the drawing)."""

    kind: str
    name: str
    label: str
    is_activity: bool = True
    changes: tuple[Change, ...] = field(default=())

    def document(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "name": self.name,
            "label": self.label,
            "changes": [vars(change) for change in self.changes],
        }


def differences(before: Definition, after: Definition) -> list[Difference]:
    """From one drawing to the other: activities in the order of the drawing, then transitions."""
    return [*_activities(before, after), *_transitions(before, after)]


def _activities(before: Definition, after: Definition) -> Iterator[Difference]:
    for name, node in before.nodes.items():
        if name not in after.nodes:
            yield Difference("removed", name, node.label or name)
    for name, node in after.nodes.items():
        was = before.nodes.get(name)
        if was is None:
            yield Difference("added", name, node.label or name)
            continue
        changes = tuple(_changes(was, node))
        if changes:
            yield Difference("changed", name, node.label or name, changes=changes)
        elif (was.x, was.y) != (node.x, node.y):
            yield Difference("moved", name, node.label or name)


def _changes(before: Node, after: Node) -> Iterator[Change]:
    if before.label != after.label:
        yield Change(_("Label"), before.label, after.label)
    if before.type != after.type:
        yield Change(_("Type"), before.type, after.type)
    for key in dict.fromkeys([*before.config, *after.config]):
        was, now = before.config.get(key, ABSENT), after.config.get(key, ABSENT)
        if was != now:
            yield Change(_field_label(after, key), _shown(was), _shown(now))


def _transitions(before: Definition, after: Definition) -> Iterator[Difference]:
    for arrow in before.arrows:
        if arrow not in after.arrows:
            yield _transition("removed", arrow, before.nodes)
    for arrow in after.arrows:
        if arrow not in before.arrows:
            yield _transition("added", arrow, after.nodes)


def _transition(kind: str, arrow: Arrow, nodes: Mapping[str, Node]) -> Difference:
    source, target = (nodes[name].label or name if name in nodes else name for name in (arrow.source, arrow.target))
    return Difference(kind, f"{arrow.source}.{arrow.outlet}", f"{source} → {target}", is_activity=False)


def _field_label(node: Node, key: str) -> str:
    fields = activity_types.get(node.type).Config.base_fields if node.type in activity_types else {}
    return str(fields[key].label or key) if key in fields else key


def _shown(value: Any) -> Any:
    return None if value is ABSENT else value
