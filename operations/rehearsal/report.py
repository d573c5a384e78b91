"""What is kept of a simulated run: its tasks with the people at each outlet, and what its deliveries would be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from operations.models import ActivityRun, Rehearsal, RehearsalState, RunState, TaskState, WorkflowRun


def run_report(run_id: int) -> dict[str, Any]:
    """`{"scheduled_for", "entry", "state", "error", "tasks": {name: {…}}}`; states are slugs, instants ISO texts."""
    run = WorkflowRun.objects.get(pk=run_id)
    return {
        "scheduled_for": run.scheduled_for.isoformat(),
        "entry": run.entry,
        "state": RunState(run.state).slug,
        "error": run.error,
        "tasks": _tasks_report(run),
    }


def skipped_report(entry: str, at: datetime) -> dict[str, Any]:
    """A run that would not take place because the one before it would still be at work."""
    state = RunState.SKIPPED.slug
    return {"scheduled_for": at.isoformat(), "entry": entry, "state": state, "error": "", "tasks": {}}


def _tasks_report(run: WorkflowRun) -> dict[str, Any]:
    """Those of a sub-workflow are `inside` the task that runs it."""
    children = WorkflowRun.objects.filter(parent_task__run=run).select_related("workflow").order_by("pk")
    inside = {child.parent_task_id: child for child in children}
    reports = {}
    for task in run.tasks.order_by("pk"):
        reports[task.name] = _task_report(task)
        child = inside.get(task.pk)
        if child is not None:
            reports[task.name]["inside"] = {"workflow": child.workflow.label, "tasks": _tasks_report(child)}
    return reports


def _task_report(task: ActivityRun) -> dict[str, Any]:
    """`outlets`: people, or null for a signal, of those that fired. `rehearsal`: what the type says of itself:
    `passed_over` (nothing was done), or `delivery` (see the delivery activities)."""
    fired = task.memo.get("fired", {})
    return {
        "state": TaskState(task.state).slug,
        "outlets": {outlet: people for outlet, people in task.outlets.items() if outlet in fired},
        "error": task.error,
        **task.memo.get("rehearsal", {}),
    }


def rehearsal_document(rehearsal: Rehearsal) -> dict[str, Any]:
    """What the API, the command and the canvas show of a rehearsal."""
    return {
        "id": rehearsal.pk,
        "workflow": rehearsal.workflow_id,
        "state": RehearsalState(rehearsal.state).slug,
        "starts_at": rehearsal.starts_at,
        "ends_at": rehearsal.ends_at,
        "done": rehearsal.done,
        "planned": rehearsal.planned,
        "error": rehearsal.error,
        "runs": rehearsal.result.get("runs", []),
        "truncated": rehearsal.result.get("truncated", False),
        "suspended": rehearsal.result.get("suspended", False),
    }


def table_lines(rehearsal: Rehearsal) -> Iterator[str]:
    """The rehearsal as text: a line for each run, each task of it and each delivery that would be made."""
    zone = ZoneInfo(rehearsal.workflow.zone_name())
    for run in rehearsal.result.get("runs", []):
        local = datetime.fromisoformat(run["scheduled_for"]).astimezone(zone)
        state = RunState.from_slug(run["state"]).label
        yield f"{local:%Y-%m-%d %H:%M}  {run['entry'] or '–'}: {state} {run['error']}".rstrip()
        for name, task in run["tasks"].items():
            yield from _task_lines(name, task)
    if rehearsal.result.get("truncated"):
        yield _("… and more: a rehearsal ends with its first runs.")


def _task_lines(name: str, task: dict[str, Any]) -> Iterator[str]:
    people = ", ".join(f"{outlet} {'–' if count is None else count}" for outlet, count in task["outlets"].items())
    over = _("nothing done") if task.get("passed_over") else ""
    said = " · ".join(part for part in (people, over, task["error"]) if part)
    if said:
        yield f"    {name}: {said}"
    delivery = task.get("delivery")
    if delivery:
        reasons = ", ".join(f"{reason} {count}" for reason, count in delivery["ignored"].items())
        counts = _("%(targeted)d targeted, %(to_deliver)d to deliver") % delivery
        yield f"        “{delivery['label']}”: {counts}{f' ({reasons})' if reasons else ''}"
    for inner, report in task.get("inside", {}).get("tasks", {}).items():
        yield from _task_lines(f"{name} › {inner}", report)
