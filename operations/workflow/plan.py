"""Which tasks of a run can start, and which never will: a pure function of the drawing and of what is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from operations.models import TaskState
from operations.workflow.document import Arrow, Definition
from operations.workflow.registry import get_type

OVER = (TaskState.DONE, TaskState.SKIPPED)


@dataclass(frozen=True)
class TaskStatus:
    """What the plan needs to know about a task; `fired` are the outlets through which it was left."""

    state: int
    fired: frozenset[str] = frozenset()


@dataclass
class Plan:
    ready: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.ready or self.skipped)


def plan(definition: Definition, tasks: Mapping[str, TaskStatus]) -> Plan:
    """The waiting tasks that can start now, and those that never will."""
    found = Plan()
    for name, task in tasks.items():
        if task.state != TaskState.WAITING:
            continue
        arrows = [arrow for arrow in definition.arrows_into(name) if arrow.source in tasks]
        fired = [arrow for arrow in arrows if has_fired(arrow, tasks)]
        silent = [arrow for arrow in arrows if is_silent(arrow, tasks)]
        needs_all = get_type(definition.nodes[name].type).needs_all_inbound
        if (needs_all and silent) or (arrows and len(silent) == len(arrows)):
            found.skipped.append(name)
        elif len(fired) + len(silent) == len(arrows):
            found.ready.append(name)
    return found


def has_fired(arrow: Arrow, tasks: Mapping[str, TaskStatus]) -> bool:
    return arrow.outlet in tasks[arrow.source].fired


def is_silent(arrow: Arrow, tasks: Mapping[str, TaskStatus]) -> bool:
    """True when this transition will never fire in this run."""
    return tasks[arrow.source].state in OVER and not has_fired(arrow, tasks)
