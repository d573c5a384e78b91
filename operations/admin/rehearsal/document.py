"""A rehearsal for the drawing: its coming runs, each as the drawing shows a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from common.badges import badge
from common.figures import count
from installation.models import Process
from installation.processes import alive
from operations.admin.badges import task_badge
from operations.admin.canvas.state import ENGINE
from operations.admin.rehearsal.rows import RunRow, run_rows
from operations.models import Rehearsal, RehearsalState, TaskState


def drawn_document(rehearsal: Rehearsal) -> dict[str, Any]:
    """The contract with `canvas/rehearsal.js`."""
    state = RehearsalState(rehearsal.state)
    look = badge(state)
    workflow = rehearsal.workflow
    return {
        "id": rehearsal.pk,
        "state": state.slug,
        "state_label": str(look.label),
        "tone": look.tone,
        "icon": look.icon,
        "is_moving": is_moving(rehearsal),
        "error": rehearsal.error,
        "done": rehearsal.done,
        "planned": rehearsal.planned,
        "asked": asked_by(rehearsal),
        "asked_at": rehearsal.requested_at,
        "version": rehearsal.version.number,
        "is_current": rehearsal.version.number == workflow.version,
        "engine": engine(),
        "runs": [_run(row) for row in run_rows(rehearsal)],
        "truncated": rehearsal.result.get("truncated", False),
        "suspended": rehearsal.result.get("suspended", False),
        "page": f"{reverse('admin:operations_workflow_rehearsal', args=[workflow.pk])}?shown={rehearsal.pk}",
    }


def is_moving(rehearsal: Rehearsal) -> bool:
    return rehearsal.state in (RehearsalState.WAITING, RehearsalState.RUNNING)


def asked_by(rehearsal: Rehearsal) -> str:
    user = rehearsal.requested_by
    return (user.get_full_name() or user.get_username()) if user is not None else ""


def engine() -> dict[str, Any]:
    return {"alive": alive(timezone.now(), Process.Kind.WORKER).exists(), "command": ENGINE}


def _run(row: RunRow) -> dict[str, Any]:
    return {
        "label": f"{date_format(row.at, 'D j N Y')}, {date_format(row.at, 'TIME_FORMAT')}",
        "entry": row.entry,
        "state_label": str(row.look.label),
        "tone": row.look.tone,
        "icon": row.look.icon,
        "why": row.why,
        "note": row.clock_change,
        "people": row.people,
        "to_deliver": row.to_deliver if row.deliveries else None,
        "dropped": row.dropped if row.deliveries else None,
        "deliveries": [
            {
                "label": line.label,
                "to_deliver": line.to_deliver,
                "reasons": line.reasons,
                "already": line.already,
                "warnings": line.warnings,
            }
            for line in row.deliveries
        ],
        "passed_over": row.passed_over,
        "tasks": {name: _task(task) for name, task in row.tasks.items()},
    }


def _task(task: Mapping[str, Any]) -> dict[str, Any]:
    delivery = task.get("delivery")
    state = TaskState.from_slug(task["state"])
    look = task_badge(state, warned=bool(delivery and delivery["warnings"]))
    return {
        "state": task["state"],
        "label": str(look.label),
        "tone": look.tone,
        "icon": look.icon,
        "text": _text(str(look.label), task),
        "error": task["error"],
        "progress": None,
        "url": None,
        "may_restart": False,
        "outlets": task["outlets"],
        "fired": list(task["outlets"]),
        "populations": {},
    }


def _text(label: str, task: Mapping[str, Any]) -> str:
    if task.get("passed_over"):
        return f"{label} · " + _("passed over")
    if task.get("delivery"):
        return f"{label} · " + _("%(count)s to deliver") % {"count": count(task["delivery"]["to_deliver"])}
    return label
