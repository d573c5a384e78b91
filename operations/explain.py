"""Why is, or isn't, this person in what left a run: the way through its tasks, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from operations.models import ActivityRun, Population, PopulationMember, TaskState, WorkflowRun
from operations.workflow.definition import definition_of
from operations.workflow.document import Definition
from operations.workflow.graph import in_order
from operations.workflow.registry import activity_types
from recipients.filters import FilterContext
from recipients.query.one_person import Check, checks_of


@dataclass(frozen=True)
class Step:
    """One thing that happened to a person: when, where, what, and why if there is more to say.

    `kind`: run, activity, target, analysis, content, message or hit. `tone`: ok, bad, or nothing where the person
    was not concerned. `checks` are the conditions that were held against the person, in order. `proves`: the person
    has reacted, so the message was received.
    """

    at: datetime | None
    where: str
    outcome: str
    reason: str
    kind: str = ""
    tone: str = ""
    icon: str = ""
    checks: tuple[Check, ...] = ()
    proves: bool = False


@dataclass(frozen=True)
class _Passage:
    """The outlets of one task that carried people, and those through which the person left."""

    task: ActivityRun
    carried: list[str]
    left_by: list[str]


@dataclass(frozen=True)
class Person:
    """Somebody as a run sees them."""

    run: WorkflowRun
    number: int

    def checks(self, filter: Any) -> tuple[Check, ...]:
        context = FilterContext(self.run.scheduled_for, ZoneInfo(self.run.workflow.zone_name()))
        return tuple(checks_of(filter, self.number, context))


def is_forgotten(run: WorkflowRun) -> bool:
    """The run carried people once, but who they were is not kept any more."""
    fired = [number for task in run.tasks.all() for number in task.memo.get("fired", {}).values() if number is not None]
    return bool(fired) and not Population.objects.filter(pk__in=fired).exists()


def path(run: WorkflowRun, recipient_id: int) -> list[Step]:
    """What every task of the run, in order, did with this person."""
    definition = definition_of(run.version)
    tasks = {task.name: task for task in run.tasks.select_related("activity")}
    passages = _passages(tasks, recipient_id)
    steps = [_first_step(run)]
    for name in in_order(definition):
        if name in tasks:
            step = _step(passages[name], definition, passages, Person(run, recipient_id))
            steps += [step] if step is not None else []
    return steps


def _first_step(run: WorkflowRun) -> Step:
    where = _("Run %(run)s of “%(workflow)s”") % {"run": run, "workflow": run.workflow}
    planned = _("scheduled for %(instant)s") % {"instant": date_format(localtime(run.scheduled_for), "DATETIME_FORMAT")}
    return Step(
        at=run.scheduled_for,
        where=where,
        outcome=str(run.get_state_display()),
        reason=run.error or planned,
        kind="run",
        icon="play",
    )


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


def _step(passage: _Passage, definition: Definition, passages: Mapping[str, _Passage], person: Person) -> Step | None:
    task = passage.task
    came_in = any(
        arrow.outlet in passages[arrow.source].left_by
        for arrow in definition.arrows_into(task.name)
        if arrow.source in passages
    )
    node = definition.nodes[task.name]
    icon = activity_types.get(node.type).icon if node.type in activity_types else ""
    if task.state != TaskState.DONE:
        reason = task.error if came_in or task.error else ""
        tone = "bad" if task.state == TaskState.FAILED else ""
        state = str(task.get_state_display())
        return Step(task.ended_at, _where(task, definition), state, reason, kind="activity", tone=tone, icon=icon)
    outcome, tone = _outcome(passage, came_in=came_in)
    if not outcome:
        return None
    asked = node.config.get("filter") if tone else None
    checks = person.checks(asked) if asked else ()
    return Step(
        at=task.ended_at,
        where=_where(task, definition),
        outcome=outcome,
        reason=_outlets(passage),
        kind="activity",
        tone=tone,
        icon=icon,
        checks=checks,
    )


def _outcome(passage: _Passage, *, came_in: bool) -> tuple[str, str]:
    """What happened, and its tone; nothing where the person never was."""
    if passage.left_by:
        return (_("kept") if came_in else _("entered")), "ok"
    if came_in:
        # Nothing leaves an activity that ends a branch: whoever came in was taken.
        return (_("dropped"), "bad") if passage.task.outlets else (_("arrived"), "ok")
    return (_("not selected"), "bad") if passage.carried else ("", "")


def _outlets(passage: _Passage) -> str:
    if passage.left_by in ([], ["out"]):
        return ""
    return _("leaves by %(outlets)s") % {"outlets": ", ".join(passage.left_by)}


def _where(task: ActivityRun, definition: Definition) -> str:
    node = definition.nodes[task.name]
    kind = activity_types.get(node.type).label if node.type in activity_types else node.type
    return f"{node.label or node.name} ({kind})"
