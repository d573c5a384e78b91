"""Why is, or isn't, this person in what left a run: the way through its tasks, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from operations.models import ActivityRun, PopulationMember, TaskState, WorkflowRun
from operations.workflow.definition import definition_of
from operations.workflow.document import Definition
from operations.workflow.graph import in_order
from operations.workflow.registry import activity_types


@dataclass(frozen=True)
class Step:
    """One thing that happened to a person: when, where, what, and why if there is more to say."""

    at: datetime | None
    where: str
    outcome: str
    reason: str


@dataclass(frozen=True)
class _Passage:
    """The outlets of one task that carried people, and those through which the person left."""

    task: ActivityRun
    carried: list[str]
    left_by: list[str]


def path(run: WorkflowRun, recipient_id: int) -> list[Step]:
    """What every task of the run, in order, did with this person."""
    definition = definition_of(run.version)
    tasks = {task.name: task for task in run.tasks.select_related("activity")}
    passages = _passages(tasks, recipient_id)
    steps = [_first_step(run)]
    for name in in_order(definition):
        if name in tasks:
            step = _step(passages[name], definition, passages)
            steps += [step] if step is not None else []
    return steps


def _first_step(run: WorkflowRun) -> Step:
    where = _("Run %(run)s of “%(workflow)s”") % {"run": run, "workflow": run.workflow}
    planned = _("scheduled for %(instant)s") % {"instant": run.scheduled_for.isoformat()}
    return Step(at=run.scheduled_for, where=where, outcome=str(run.get_state_display()), reason=run.error or planned)


def _passages(tasks: Mapping[str, ActivityRun], recipient_id: int) -> dict[str, _Passage]:
    fired: dict[str, dict[str, int | None]] = {name: task.memo.get("fired", {}) for name, task in tasks.items()}
    numbers = {number for outlets in fired.values() for number in outlets.values() if number is not None}
    rows = PopulationMember.objects.filter(population_id__in=numbers, recipient_id=recipient_id)
    holding = set(rows.values_list("population_id", flat=True))
    return {
        name: _Passage(
            task=tasks[name],
            carried=[outlet for outlet, number in outlets.items() if number is not None],
            left_by=[outlet for outlet, number in outlets.items() if number in holding],
        )
        for name, outlets in fired.items()
    }


def _step(passage: _Passage, definition: Definition, passages: Mapping[str, _Passage]) -> Step | None:
    task = passage.task
    came_in = any(
        arrow.outlet in passages[arrow.source].left_by
        for arrow in definition.arrows_into(task.name)
        if arrow.source in passages
    )
    if task.state != TaskState.DONE:
        reason = task.error if came_in or task.error else ""
        return Step(task.ended_at, _where(task, definition), str(task.get_state_display()), reason)
    outcome = _outcome(passage, came_in=came_in)
    return Step(task.ended_at, _where(task, definition), outcome, _outlets(passage)) if outcome else None


def _outcome(passage: _Passage, *, came_in: bool) -> str:
    if passage.left_by:
        return _("kept") if came_in else _("entered")
    if came_in:
        # Nothing leaves an activity that ends a branch: whoever came in was taken.
        return _("dropped") if passage.task.outlets else _("arrived")
    return _("not selected") if passage.carried else ""


def _outlets(passage: _Passage) -> str:
    if passage.left_by in ([], ["out"]):
        return ""
    return _("leaves by %(outlets)s") % {"outlets": ", ".join(passage.left_by)}


def _where(task: ActivityRun, definition: Definition) -> str:
    node = definition.nodes[task.name]
    kind = activity_types.get(node.type).label if node.type in activity_types else node.type
    return f"{node.label or node.name} ({kind})"
