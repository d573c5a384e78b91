"""What moves on the drawing: states, counts, progress, the next instants. Asked every few seconds.

The number of queries depends neither on the number of runs nor on that of the people.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from common import badges
from installation.models import Process
from installation.processes import alive
from operations.admin.activity_links import TaskProgress, progress_of_tasks
from operations.admin.badges import task_badge, workflow_badge
from operations.admin.canvas.editing import others_editing
from operations.admin.canvas.versions import latest_version
from operations.models import ActivityRun, RunLog, RunState, TaskState, Workflow, WorkflowRun, WorkflowState
from operations.timetable import next_instants, scheduler_types

RUNS = 20
ENGINE = "./diffusion worker"


def state_document(request: HttpRequest, workflow: Workflow, buttons: list[dict[str, Any]]) -> dict[str, Any]:
    """`?run=` names the run that is shown; without a number it is the latest, with "none" there is none."""
    now = timezone.now()
    runs = list(workflow.runs.order_by("-pk")[:RUNS])
    look = workflow_badge(workflow)
    return {
        "workflow": {
            "state": WorkflowState(workflow.state).slug,
            "state_label": str(look.label),
            "tone": look.tone,
            "icon": look.icon,
            "failed": workflow.failed,
            "version": workflow.version,
        },
        "actions": {
            **{row["name"]: {"enabled": row["enabled"], "why": str(row["why_disabled"])} for row in buttons},
            "rehearse": _rehearse(request, workflow),
        },
        "runs": [_run_line(run, workflow) for run in runs],
        "run": _chosen_run(request, workflow, runs, now),
        "next": _next(workflow, now),
        "engine": {"alive": alive(now, Process.Kind.WORKER).exists(), "command": ENGINE},
        "editing": others_editing(workflow.pk, request.user.pk, now=now),
        "saved": latest_version(workflow),
    }


def _rehearse(request: HttpRequest, workflow: Workflow) -> dict[str, Any]:
    if not request.user.has_perm("operations.run_workflow"):
        return {"enabled": False, "why": _("You have no permission to run workflows.")}
    return {"enabled": workflow.version > 0, "why": "" if workflow.version else _("Save the drawing first.")}


def _run_line(run: WorkflowRun, workflow: Workflow) -> dict[str, Any]:
    look = badges.badge(RunState(run.state))
    return {
        "id": run.pk,
        "label": run_label(run, workflow),
        "state": RunState(run.state).slug,
        "state_label": str(look.label),
        "tone": look.tone,
        "icon": look.icon,
        "scheduled_for": run.scheduled_for.isoformat(),
        "url": reverse("admin:operations_workflowrun_change", args=[run.pk]),
    }


def run_label(run: WorkflowRun, workflow: Workflow) -> str:
    local = run.scheduled_for.astimezone(ZoneInfo(workflow.zone_name()))
    return _("Run %(number)d, %(instant)s") % {
        "number": run.pk,
        "instant": date_format(local, "SHORT_DATETIME_FORMAT"),
    }


def _chosen_run(
    request: HttpRequest, workflow: Workflow, runs: list[WorkflowRun], now: datetime
) -> dict[str, Any] | None:
    wanted = request.GET.get("run", "")
    if wanted.isdigit():
        run = next((run for run in runs if run.pk == int(wanted)), None)
        run = run or workflow.runs.filter(pk=int(wanted)).first()
    else:
        run = runs[0] if runs and wanted != "none" else None
    return None if run is None else _run_document(request, run, workflow, now)


def _run_document(request: HttpRequest, run: WorkflowRun, workflow: Workflow, now: datetime) -> dict[str, Any]:
    tasks = list(run.tasks.select_related("activity").order_by("pk"))
    warned, seconds = _from_log(run)
    progress = progress_of_tasks(tasks, request, now)
    return {
        **_run_line(run, workflow),
        "error": run.error,
        "version_id": run.version_id,
        "previous": _previous(run, tasks),
        "tasks": {
            task.name: _task(task, run, task.pk in warned, seconds.get(task.pk), progress.get(task.pk))
            for task in tasks
        },
    }


def _from_log(run: WorkflowRun) -> tuple[set[int], dict[int, float]]:
    """The tasks that left a warning, and how long each that is done has worked."""
    rows = RunLog.objects.filter(run=run, task__isnull=False).order_by("pk")
    rows = rows.filter(Q(level=RunLog.Level.WARNING) | Q(sentence__parameters__seconds__isnull=False))
    warned: set[int] = set()
    seconds: dict[int, float] = {}
    for task, level, spent in rows.values_list("task_id", "level", "sentence__parameters__seconds"):
        if level == RunLog.Level.WARNING and task is not None:
            warned.add(task)
        elif task is not None:
            seconds[task] = spent
    return warned, seconds


def _task(
    task: ActivityRun, run: WorkflowRun, warned: bool, seconds: float | None, progress: TaskProgress | None
) -> dict[str, Any]:
    look = task_badge(task.state, warned=warned)
    fired: Mapping[str, int | None] = task.memo.get("fired", {})
    return {
        "state": TaskState(task.state).slug,
        "label": str(look.label),
        "tone": look.tone,
        "icon": look.icon,
        "text": _text(task, str(look.label), seconds, progress),
        "error": task.error,
        "progress": progress.share if progress else None,
        "url": progress.url if progress else None,
        "may_restart": task.state == TaskState.FAILED and run.state == RunState.FAILED,
        "outlets": task.outlets,
        "fired": list(fired),
        "populations": {outlet: number for outlet, number in fired.items() if number is not None},
    }


def _text(task: ActivityRun, label: str, seconds: float | None, progress: TaskProgress | None) -> str:
    if progress is not None and progress.text:
        return f"{label} · {progress.text}"
    if task.state == TaskState.DONE and seconds is not None:
        return f"{label} · " + _("%(seconds)s s") % {"seconds": number_format(seconds, 1)}
    if task.state == TaskState.FAILED and task.attempt > 1:
        return f"{label} · " + _("try %(number)d") % {"number": task.attempt}
    return label


def _previous(run: WorkflowRun, tasks: list[ActivityRun]) -> dict[str, Any] | None:
    """The finished run before this one on the same branch, and how many more people this one has found."""
    before = WorkflowRun.objects.filter(
        workflow=run.workflow_id, entry=run.entry, state=RunState.FINISHED, scheduled_for__lt=run.scheduled_for
    )
    previous = before.order_by("-scheduled_for").first()
    if previous is None:
        return None
    outlets: dict[str, dict[str, int | None]] = dict(previous.tasks.order_by("pk").values_list("name", "outlets"))
    return {
        "id": previous.pk,
        "difference": _difference([task.outlets for task in tasks], list(outlets.values())),
        "outlets": outlets,
    }


def _difference(now: list[Mapping[str, int | None]], before: list[Mapping[str, int | None]]) -> int | None:
    found, found_before = _first_count(now), _first_count(before)
    return None if found is None or found_before is None else found - found_before


def _first_count(outlets: list[Mapping[str, int | None]]) -> int | None:
    """The people whom a run began with: those who left its first task that brought any number."""
    for counts in outlets:
        numbers = [count for count in counts.values() if count is not None]
        if numbers:
            return sum(numbers)
    return None


def _next(workflow: Workflow, now: datetime) -> dict[str, str]:
    """The next instant of each scheduler of a started workflow, in words."""
    if workflow.state != WorkflowState.STARTED:
        return {}
    rows = workflow.activities.filter(retired=False, type__in=scheduler_types()).select_related("workflow")
    found = {row.name: next_instants(row, now, count=1) for row in rows.order_by("pk")}
    zone = ZoneInfo(workflow.zone_name())
    return {
        name: near_instant(instants[0], zone, now) if instants else _("no further run")
        for name, instants in found.items()
    }


def near_instant(instant: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Local time, with the day in words when it is today or tomorrow."""
    local, today = instant.astimezone(zone), now.astimezone(zone).date()
    clock = date_format(local, "TIME_FORMAT")
    words = {0: _("today %(time)s"), 1: _("tomorrow %(time)s")}
    near = words.get((local.date() - today).days)
    return near % {"time": clock} if near else date_format(local, "SHORT_DATETIME_FORMAT")
