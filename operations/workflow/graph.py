"""Is the drawing sound? Every fault is named; some forbid saving, the others only forbid a start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.errors import Invalid
from operations.models import Workflow
from operations.workflow.base import ActivityType, Scope
from operations.workflow.document import JUMP_END, JUMP_START, Definition, Node, parse
from operations.workflow.registry import activity_types, get_type

# A drawing may be saved unfinished; it may not be started so.
UNFINISHED = frozenset({"dangling_outlet", "missing_inbound", "no_entry", "unreachable"})


@dataclass(frozen=True)
class Fault:
    """`activity` is empty when the fault is in no activity."""

    code: str
    activity: str
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class GraphFaults(Invalid):
    """The workflow can't run as it is drawn."""

    code = "invalid_graph"

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = list(faults)
        super().__init__("; ".join(map(str, self.faults)), fields=by_activity(self.faults))


def by_activity(faults: Iterable[Fault]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for fault in faults:
        fields.setdefault(fault.activity or "definition", []).append(str(fault))
    return fields


def find_faults(definition: Definition | Mapping[str, Any], workflow: Workflow) -> list[Fault]:
    """Every fault of the drawing, those of unfinished drawings included. Raises InvalidDefinition."""
    drawing = definition if isinstance(definition, Definition) else parse(definition)
    _cleaned, faults = clean(drawing, workflow)
    return faults


def clean(definition: Definition, workflow: Workflow) -> tuple[Definition, list[Fault]]:
    """The drawing with its configurations filled in, and every fault."""
    faults = list(_unknown(definition))
    scope = Scope(workflow, workflow.operation)
    nodes: dict[str, Node] = {}
    for node in definition.nodes.values():
        nodes[node.name], found = _clean_node(node, definition, scope)
        faults += found
    cleaned = Definition(nodes, definition.arrows)
    for check in CHECKS:
        faults += check(cleaned)
    return cleaned, faults


def entries(definition: Definition) -> list[str]:
    """The schedulers, each the entry of its branch, and "" when something runs without one."""
    found = schedulers(definition)
    return [*found, *([""] if _without_scheduler(definition) else [])]


def branch(definition: Definition, entry: str) -> set[str]:
    """The activities that a run from this entry executes: what the entry leads to, and all that this needs."""
    core = definition.downstream([entry]) if entry else _without_scheduler(definition)
    return definition.upstream(core)


def schedulers(definition: Definition) -> list[str]:
    return [node.name for node in definition.nodes.values() if _has(node, "is_scheduler")]


def in_order(definition: Definition) -> list[str]:
    """The names, every activity after those that lead to it; activities on a cycle come last."""
    ordered: list[str] = []
    pending = list(definition.nodes)
    while pending:
        ready = [name for name in pending if not set(definition.sources_of(name)) & set(pending)]
        if not ready:
            return ordered + pending
        ordered += ready
        pending = [name for name in pending if name not in ready]
    return ordered


def _without_scheduler(definition: Definition) -> set[str]:
    scheduled = definition.upstream(definition.downstream(schedulers(definition)))
    return set(definition.nodes) - scheduled


def _type_of(node: Node) -> ActivityType | None:
    return get_type(node.type) if node.type in activity_types else None


def _has(node: Node, flag: str) -> bool:
    activity_type = _type_of(node)
    return activity_type is not None and bool(getattr(activity_type, flag))


def _clean_node(node: Node, definition: Definition, scope: Scope) -> tuple[Node, list[Fault]]:
    activity_type = _type_of(node)
    if activity_type is None:
        message = _("%(activity)s: there is no type of activity “%(type)s”; there are %(types)s.") % {
            "activity": node.name,
            "type": node.type,
            "types": ", ".join(activity_types.codes()),
        }
        return node, [Fault("unknown_type", node.name, message)]
    faults = list(_misplaced(node, activity_type, scope))
    try:
        config = activity_type.clean(node.config, scope=scope, sources=definition.sources_of(node.name))
    except Invalid as error:
        return node, [*faults, Fault("invalid_config", node.name, f"{node.name}: {error}")]
    return replace(node, config=config), faults


def _misplaced(node: Node, activity_type: ActivityType, scope: Scope) -> Iterator[Fault]:
    if activity_type.needs_operation and scope.operation is None:
        message = _("%(activity)s: “%(type)s” exists only in the workflow of an operation.")
        yield Fault("needs_operation", node.name, message % {"activity": node.name, "type": activity_type.label})


def _unknown(definition: Definition) -> Iterator[Fault]:
    for arrow in definition.arrows:
        for name in {arrow.source: None, arrow.target: None}:
            if name not in definition.nodes:
                message = _("A transition names the activity “%(activity)s”, which does not exist.")
                yield Fault("unknown_activity", name, message % {"activity": name})


def _outlets(definition: Definition) -> Iterator[Fault]:
    for node in definition.nodes.values():
        outlets = outlets_of(node)
        drawn = {arrow.outlet for arrow in definition.arrows if arrow.source == node.name}
        for outlet in sorted(drawn - set(outlets)) if outlets is not None else []:
            message = _("%(activity)s has no outlet “%(outlet)s”; it has %(outlets)s.") % {
                "activity": node.name,
                "outlet": outlet,
                "outlets": ", ".join(outlets or []) or _("none"),
            }
            yield Fault("unknown_outlet", node.name, message)


def outlets_of(node: Node) -> list[str] | None:
    """None when they can't be known: the type or the configuration is wrong, which is a fault of its own."""
    activity_type = _type_of(node)
    if activity_type is None:
        return None
    try:
        outlets = activity_type.outlets(node.config)
    except (KeyError, TypeError, AttributeError):
        return None
    return outlets if all(isinstance(outlet, str) for outlet in outlets) else None


def _dangling(definition: Definition) -> Iterator[Fault]:
    for node in definition.nodes.values():
        activity_type = _type_of(node)
        if activity_type is None or activity_type.may_end_branch or definition.arrows_from(node.name):
            continue
        message = _("%(activity)s leads nowhere: connect an outlet (%(outlets)s).")
        outlets = ", ".join(outlets_of(node) or [])
        yield Fault("dangling_outlet", node.name, message % {"activity": node.name, "outlets": outlets})


def _inbound(definition: Definition) -> Iterator[Fault]:
    for node in definition.nodes.values():
        activity_type = _type_of(node)
        if activity_type is not None:
            yield from _inbound_of(node.name, activity_type, len(definition.arrows_into(node.name)))


def _inbound_of(name: str, activity_type: ActivityType, count: int) -> Iterator[Fault]:
    maximum = activity_type.maximum_inbound
    if activity_type.is_scheduler and count:
        message = _("%(activity)s is a scheduler: no transition may lead to it.")
        yield Fault("scheduler_with_inbound", name, message % {"activity": name})
    elif maximum is not None and count > maximum:
        message = ngettext(
            "%(activity)s takes at most %(maximum)d transition, not %(count)d.",
            "%(activity)s takes at most %(maximum)d transitions, not %(count)d.",
            maximum,
        )
        yield Fault("too_many_inbound", name, message % {"activity": name, "maximum": maximum, "count": count})
    if count < activity_type.minimum_inbound:
        message = ngettext(
            "%(activity)s needs at least %(minimum)d inbound transition.",
            "%(activity)s needs at least %(minimum)d inbound transitions.",
            activity_type.minimum_inbound,
        )
        yield Fault("missing_inbound", name, message % {"activity": name, "minimum": activity_type.minimum_inbound})


def _cycles(definition: Definition) -> Iterator[Fault]:
    for name in definition.nodes:
        successors = [arrow.target for arrow in definition.arrows_from(name)]
        if name in definition.downstream(successors):
            yield Fault("cycle", name, _("%(activity)s is on a cycle.") % {"activity": name})


def _two_schedulers(definition: Definition) -> Iterator[Fault]:
    reached = {name: definition.downstream([name]) for name in schedulers(definition)}
    for node in definition.nodes.values():
        leading = [name for name, found in reached.items() if node.name in found]
        if len(leading) > 1:
            message = _("%(activity)s has two schedulers on its branch: %(schedulers)s.")
            names = ", ".join(leading)
            yield Fault("two_schedulers", node.name, message % {"activity": node.name, "schedulers": names})


def _entries(definition: Definition) -> Iterator[Fault]:
    starts = [
        node.name
        for node in definition.nodes.values()
        if not _has(node, "minimum_inbound") and not definition.arrows_into(node.name)
    ]
    if not starts:
        yield Fault("no_entry", "", _("Nothing can start: put a scheduler, a start, a query or a list."))
        return
    reached = definition.downstream(starts)
    for name in definition.nodes:
        if name not in reached and definition.arrows_into(name):
            message = _("%(activity)s can't be reached from any entry.")
            yield Fault("unreachable", name, message % {"activity": name})


def _jumps(definition: Definition) -> Iterator[Fault]:
    """A start point is where a line ends, an end point where another begins; each number has one end point."""
    taken: dict[int, str] = {}
    for node in definition.nodes.values():
        start, end = node.jump_number(JUMP_START), node.jump_number(JUMP_END)
        if start is not None and any(arrow.source == node.name for arrow in definition.arrows):
            message = _("%(activity)s is the start of jump %(number)d: people go on at its end, not along a line.")
            yield Fault("jump_with_line", node.name, message % {"activity": node.name, "number": start})
        if start is not None and not definition.arrows_into(node.name):
            message = _("%(activity)s is the start of jump %(number)d: lead a transition to it.")
            yield Fault("missing_inbound", node.name, message % {"activity": node.name, "number": start})
        if end is not None and any(arrow.target == node.name for arrow in definition.arrows):
            message = _("%(activity)s is the end of jump %(number)d: no line leads to it.")
            yield Fault("jump_with_line", node.name, message % {"activity": node.name, "number": end})
        if end is not None and taken.setdefault(end, node.name) != node.name:
            message = _("%(activity)s and %(other)s are both the end of jump %(number)d.")
            values = {"activity": node.name, "other": taken[end], "number": end}
            yield Fault("jump_twice", node.name, message % values)


CHECKS = (_outlets, _dangling, _inbound, _cycles, _two_schedulers, _entries, _jumps)
