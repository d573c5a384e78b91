"""The page of a run: its tasks with the people who left through each outlet, and its log."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.admin import ReadOnlyAdmin
from common.badges import badge
from operations.admin.badges import task_badge
from operations.models import ActivityRun, RunLog, RunState, WorkflowRun

LINES = 500


@admin.register(WorkflowRun)
class WorkflowRunAdmin(ReadOnlyAdmin):
    change_form_template = "admin/operations/workflowrun/change_form.html"
    list_display = ["__str__", "workflow", "entry", "scheduled_for", "state", "manual", "started_at", "ended_at"]
    list_select_related = ["workflow"]
    list_filter = ["state", "manual"]
    ordering = ["-pk"]
    fields = [
        "workflow",
        "definition_version",
        "entry",
        "scheduled_for",
        "manual",
        "state",
        "error",
        "started_at",
        "ended_at",
        "vars",
    ]

    @admin.display(description=_("version"))
    def definition_version(self, row: WorkflowRun) -> int:
        return row.version.number

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        run = WorkflowRun.objects.filter(pk=object_id).first() if object_id.isdigit() else None
        context = {} if run is None else _summary(run)
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})


def _summary(run: WorkflowRun) -> dict[str, Any]:
    lines = RunLog.objects.filter(run=run).select_related("task").order_by("-pk")[: LINES + 1]
    tasks = list(run.tasks.select_related("activity").order_by("pk"))
    for task in tasks:
        task.look = task_badge(task.state)  # type: ignore[attr-defined]
        task.left = _left(run, task)  # type: ignore[attr-defined]
    return {
        "run": run,
        "run_badge": badge(RunState(run.state)),
        "tasks": tasks,
        "lines": list(reversed(lines[:LINES])),
        "more_lines": len(lines) > LINES,
        "shown": LINES,
    }


def _left(run: WorkflowRun, task: ActivityRun) -> list[dict[str, Any]]:
    """How many left by each outlet, and the page that shows them."""
    fired = task.memo.get("fired", {})
    return [
        {
            "name": outlet,
            "count": count,
            "url": fired.get(outlet)
            and reverse("admin:operations_workflow_population", args=[run.workflow_id, fired[outlet]]),
        }
        for outlet, count in task.outlets.items()
    ]
