"""The tabs of a workflow's page. Apps downstream may add theirs to `workflow_tabs`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.admin.pages import NoCountPaginator
from common.admin.tabs import FORM, PROPERTIES, Tab
from common.badges import badge
from common.registry import Registry
from installation.audit import entries_of
from operations.admin.canvas.data import canvas_document
from operations.admin.canvas.versions import version_documents
from operations.admin.rehearsal.page import rehearsal_tab
from operations.models import RunState, Workflow, WorkflowRun
from operations.occurrences import too_frequent
from operations.schedules import next_instants
from operations.timetable import scheduler_types

workflow_tabs: Registry[Tab] = Registry("tabs of a workflow")
RUNS, AUDIT = 50, 100


@dataclass(frozen=True)
class Upcoming:
    """What one scheduler will do."""

    name: str
    instants: list[datetime]
    too_frequent: bool


def _canvas(request: HttpRequest, workflow: Workflow) -> dict[str, Any]:
    buttons = admin.site.get_model_admin(Workflow).buttons(request, workflow)  # type: ignore[attr-defined]
    return {"canvas": canvas_document(request, workflow, buttons)}


def _runs(request: HttpRequest, workflow: Workflow) -> dict[str, Any]:
    pages: Paginator[WorkflowRun] = NoCountPaginator(workflow.runs.order_by("-pk"), RUNS)
    runs = pages.get_page(request.GET.get("page"))
    for run in runs:
        run.look = badge(RunState(run.state))  # type: ignore[attr-defined]
    return {
        "runs": runs,
        "upcoming": upcoming(workflow, timezone.now()),
        "zone": workflow.zone_name(),
        "drawing_url": reverse("admin:operations_workflow_change", args=[workflow.pk]),
    }


def _versions(request: HttpRequest, workflow: Workflow) -> dict[str, Any]:
    before = request.GET.get("before", "")
    return {"versions": version_documents(workflow, int(before) if before.isdigit() else None)}


def _audit(request: HttpRequest, workflow: Workflow) -> dict[str, Any]:
    return {"entries": list(entries_of(workflow)[:AUDIT]), "versions": version_documents(workflow)}


def upcoming(workflow: Workflow, now: datetime) -> list[Upcoming]:
    """The next instants of every scheduler, in the zone of the workflow."""
    zone = ZoneInfo(workflow.zone_name())
    rows = workflow.activities.filter(retired=False, type__in=scheduler_types()).select_related("workflow")
    return [
        Upcoming(
            name=str(row),
            instants=[instant.astimezone(zone) for instant in next_instants(row, now)],
            too_frequent=too_frequent(row.config["schedule"], zone),
        )
        for row in rows.order_by("pk")
    ]


workflow_tabs.add("canvas", Tab(_("Drawing"), "admin/operations/workflow/canvas.html", _canvas))
workflow_tabs.add(PROPERTIES, FORM)
workflow_tabs.add("runs", Tab(_("Runs"), "admin/operations/workflow/runs.html", _runs))
workflow_tabs.add("rehearsal", Tab(_("Rehearsal"), "admin/operations/workflow/rehearsal.html", rehearsal_tab))
workflow_tabs.add("versions", Tab(_("Versions"), "admin/operations/workflow/versions.html", _versions))
workflow_tabs.add("audit", Tab(_("Audit"), "admin/operations/workflow/audit.html", _audit))
