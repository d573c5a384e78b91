"""The workflows of an operation: state, what each does, last and next run, a small drawing, its commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import Max
from django.http import HttpRequest
from django.utils import timezone

from common.badges import Badge, badge
from operations.admin.badges import task_badge, workflow_badge
from operations.calendar import next_runs
from operations.models import Activity, ActivityRun, Operation, RunState, Workflow, WorkflowRun
from operations.workflow.registry import activity_types

SHOWN = 50
# As many boxes as a card has room for.
MOST_BOXES = 8


@dataclass(frozen=True)
class Box:
    """One activity of the small drawing; the tone is that of its last task."""

    label: str
    kind: str
    tone: str


@dataclass(frozen=True)
class WorkflowCard:
    workflow: Workflow
    look: Badge
    boxes: list[Box]
    more_boxes: int
    last: WorkflowRun | None
    last_look: Badge | None
    next_at: datetime | None
    zone: ZoneInfo
    buttons: list[dict[str, Any]]


def workflow_cards(request: HttpRequest, operation: Operation) -> dict[str, Any]:
    workflows = list(operation.workflows.order_by("-pk")[:SHOWN])
    return {
        "cards": cards_of(request, workflows),
        "may_add_workflow": request.user.has_perm("operations.add_workflow"),
    }


def cards_of(request: HttpRequest, workflows: Sequence[Workflow]) -> list[WorkflowCard]:
    """The number of queries does not grow with the workflows."""
    upcoming, last_runs = next_runs(workflows, timezone.now()), _last_runs(workflows)
    boxes = _boxes(workflows, last_runs)
    return [
        WorkflowCard(
            workflow=workflow,
            look=workflow_badge(workflow),
            boxes=boxes[workflow.pk][:MOST_BOXES],
            more_boxes=max(len(boxes[workflow.pk]) - MOST_BOXES, 0),
            last=last_runs.get(workflow.pk),
            last_look=badge(RunState(last_runs[workflow.pk].state)) if workflow.pk in last_runs else None,
            next_at=upcoming.get(workflow.pk),
            zone=ZoneInfo(workflow.zone_name()),
            buttons=_buttons(request, workflow),
        )
        for workflow in workflows
    ]


def _buttons(request: HttpRequest, workflow: Workflow) -> list[dict[str, Any]]:
    page: Any = admin.site.get_model_admin(Workflow)
    return [button for button in page.buttons(request, workflow) if button["enabled"]]


def _last_runs(workflows: Sequence[Workflow]) -> dict[int, WorkflowRun]:
    numbers = WorkflowRun.objects.filter(workflow__in=[workflow.pk for workflow in workflows]).order_by()
    last = numbers.exclude(state=RunState.SKIPPED).values("workflow").annotate(last=Max("pk")).values_list("last")
    return {run.workflow_id: run for run in WorkflowRun.objects.filter(pk__in=last)}


def _boxes(workflows: Sequence[Workflow], last_runs: dict[int, WorkflowRun]) -> dict[int, list[Box]]:
    found: dict[int, list[Box]] = {workflow.pk: [] for workflow in workflows}
    tasks = ActivityRun.objects.filter(run__in=[run.pk for run in last_runs.values()])
    tones = {activity: task_badge(state).tone for activity, state in tasks.values_list("activity_id", "state")}
    drawn = Activity.objects.filter(workflow__in=list(found), retired=False)
    for activity in drawn.order_by("x", "y", "pk"):
        known = activity.type in activity_types
        kind = str(activity_types.get(activity.type).label) if known else activity.type
        found[activity.workflow_id].append(Box(str(activity), kind, tones.get(activity.pk, "mute")))
    return found
