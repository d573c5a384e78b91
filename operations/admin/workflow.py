"""The page of a workflow: its definition, its next instants, its runs, and the buttons that drive it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import ServiceActionsMixin, service_action
from common.doorbell import ring
from common.errors import Refused
from operations import services, tasks
from operations.admin.workflow_form import WorkflowForm
from operations.models import Workflow, WorkflowState
from operations.models.workflow import WORKFLOW_MOVES
from operations.occurrences import too_frequent
from operations.removal import delete_workflow
from operations.schedules import next_instants
from operations.timetable import scheduler_types
from operations.workflow.definition import read_definition
from operations.workflow.graph import find_faults

SHOWN = 20
NOT_IN_THIS_STATE = gettext_lazy("Not possible in this state.")


@admin.register(Workflow)
class WorkflowAdmin(ServiceActionsMixin, admin.ModelAdmin[Workflow]):
    change_form_template: ClassVar[Any] = "admin/operations/workflow/change_form.html"
    form = WorkflowForm
    list_display = ["label", "operation", "state", "failed", "started_at"]
    list_select_related = ["operation"]
    list_filter = ["state", "failed"]
    search_fields = ["label", "internal_name"]
    ordering = ["-pk"]
    actions = None
    autocomplete_fields = ["operation"]

    def get_fields(self, request: HttpRequest, obj: Workflow | None = None) -> Any:
        settings = ["label", "internal_name", "operation", "time_zone"]
        return settings if obj is None else [*settings, "definition"]

    def has_delete_permission(self, request: HttpRequest, obj: Workflow | None = None) -> bool:
        at_work = obj is not None and obj.state in (WorkflowState.STARTED, WorkflowState.PAUSED)
        return not at_work and super().has_delete_permission(request, obj)

    def delete_model(self, request: HttpRequest, obj: Workflow) -> None:
        delete_workflow(workflow=obj)

    def save_model(self, request: HttpRequest, obj: Workflow, form: Any, change: bool) -> None:
        names = [name for name in form.changed_data if name != "definition"]
        if not change:
            obj.save()
            return
        if names:
            obj.save(update_fields=[*names, "internal_name"])
        if form.definition_changed():
            document = form.cleaned_data["definition"]
            services.save_definition(obj, document, by=request.user, now=timezone.now())  # type: ignore[arg-type]

    def response_add(self, request: HttpRequest, obj: Workflow, post_url_continue: str | None = None) -> Any:
        # The definition comes next.
        return HttpResponseRedirect(reverse("admin:operations_workflow_change", args=[obj.pk]))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.path)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        workflow = Workflow.objects.filter(pk=object_id).first() if object_id.isdigit() else None
        context = {} if workflow is None else _summary(workflow, timezone.now())
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @service_action(
        label=gettext_lazy("Start"),
        permission="operations.run_workflow",
        enabled=lambda row: (
            row.state != WorkflowState.PAUSED and WORKFLOW_MOVES.allows(row.state, WorkflowState.STARTED)
        ),
        why_disabled=lambda row: NOT_IN_THIS_STATE,
    )
    def start(self, request: HttpRequest, workflow: Workflow) -> str:
        services.start_workflow(workflow=workflow, now=timezone.now())
        ring(tasks.sweep)
        return _("The workflow is started.")

    @service_action(
        label=gettext_lazy("Pause"),
        permission="operations.run_workflow",
        enabled=lambda row: row.state == WorkflowState.STARTED,
        why_disabled=lambda row: NOT_IN_THIS_STATE,
    )
    def pause(self, request: HttpRequest, workflow: Workflow) -> str:
        services.pause_workflow(workflow=workflow, now=timezone.now())
        return _("The workflow is paused.")

    @service_action(
        label=gettext_lazy("Resume"),
        permission="operations.run_workflow",
        enabled=lambda row: row.state == WorkflowState.PAUSED,
        why_disabled=lambda row: NOT_IN_THIS_STATE,
    )
    def resume(self, request: HttpRequest, workflow: Workflow) -> str:
        services.resume_workflow(workflow=workflow, now=timezone.now())
        ring(tasks.sweep)
        return _("The workflow goes on.")

    @service_action(
        label=gettext_lazy("Stop"),
        permission="operations.run_workflow",
        enabled=lambda row: row.state in (WorkflowState.STARTED, WorkflowState.PAUSED),
        why_disabled=lambda row: NOT_IN_THIS_STATE,
        confirm=gettext_lazy("Stop the workflow and its runs? Its recurring series end."),
    )
    def stop(self, request: HttpRequest, workflow: Workflow) -> str:
        services.stop_workflow(workflow=workflow, now=timezone.now())
        ring(tasks.sweep)
        return _("The workflow is stopped: it starts no further run, and its recurring series end.")

    @service_action(
        label=gettext_lazy("Run now"),
        permission="operations.run_workflow",
        enabled=lambda row: row.state in (WorkflowState.EDITED, WorkflowState.STARTED),
        why_disabled=lambda row: NOT_IN_THIS_STATE,
        confirm=gettext_lazy("Run the workflow once, now?"),
    )
    def run_now(self, request: HttpRequest, workflow: Workflow) -> HttpResponseRedirect:
        run, created = services.run_now(workflow=workflow, now=timezone.now())
        ring(tasks.advance_run, run_id=run.pk)
        sentence = _("Run %(run)s is on its way.") if created else _("Run %(run)s has this instant already.")
        messages.success(request, sentence % {"run": run})
        return HttpResponseRedirect(reverse("admin:operations_workflowrun_change", args=[run.pk]))


@dataclass(frozen=True)
class Upcoming:
    """What one scheduler will do."""

    name: str
    instants: list[datetime]
    too_frequent: bool


def _summary(workflow: Workflow, now: datetime) -> dict[str, Any]:
    return {
        "workflow": workflow,
        "zone": workflow.zone_name(),
        "faults": [str(fault) for fault in find_faults(read_definition(workflow), workflow)],
        "upcoming": _upcoming(workflow, now),
        "runs": list(workflow.runs.order_by("-pk")[:SHOWN]),
        "runs_url": f"{reverse('admin:operations_workflowrun_changelist')}?workflow__id__exact={workflow.pk}",
    }


def _upcoming(workflow: Workflow, now: datetime) -> list[Upcoming]:
    zone = ZoneInfo(workflow.zone_name())
    rows = (
        workflow.activities.filter(retired=False, type__in=scheduler_types()).select_related("workflow").order_by("pk")
    )
    return [
        Upcoming(
            name=str(row),
            instants=[instant.astimezone(zone) for instant in next_instants(row, now)],
            too_frequent=too_frequent(row.config["schedule"], zone),
        )
        for row in rows
    ]
