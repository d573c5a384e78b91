"""The page of a workflow: its drawing, its properties, its runs and versions, and the buttons that drive it."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import service_action
from common.admin.tabs import Tab, TabbedPageMixin
from common.doorbell import ring
from common.errors import Refused
from common.registry import Registry
from operations import services, tasks
from operations.admin.badges import workflow_badge
from operations.admin.canvas import endpoints
from operations.admin.files import file_view, files_page
from operations.admin.rehearsal.asking import ask, rehearse_dialog
from operations.admin.rehearsal.page import rehearsal_document_view, rehearsal_file_view
from operations.admin.workflow_dialogs import run_now_dialog, stop_dialog
from operations.admin.workflow_form import WorkflowForm
from operations.admin.workflow_tabs import workflow_tabs
from operations.models import Workflow, WorkflowState
from operations.models.workflow import WORKFLOW_MOVES
from operations.removal import delete_workflow
from operations.workflow.definition import read_definition
from operations.workflow.graph import find_faults

NOT_IN_THIS_STATE = gettext_lazy("Not possible in this state.")


@admin.register(Workflow)
class WorkflowAdmin(TabbedPageMixin, admin.ModelAdmin[Workflow]):
    tabs: ClassVar[Registry[Tab]] = workflow_tabs
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
        settings = ["label", "internal_name", "operation", "time_zone", "description"]
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
        # The drawing comes next.
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

    def page_context(self, request: HttpRequest, row: Workflow) -> dict[str, Any]:
        return {
            "page_badge": workflow_badge(row),
            "header_template": "admin/operations/workflow/header.html",
            "workflow": row,
        }

    def _form(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None) -> Any:
        row = self.get_object(request, object_id) if object_id.isdigit() else None
        faults = [str(fault) for fault in find_faults(read_definition(row), row)] if row else []
        return super()._form(request, object_id, {**(extra_context or {}), "faults": faults})

    def get_urls(self) -> list[URLPattern]:
        def address(route: str, view: Any, name: str) -> URLPattern:
            wrapped = self.admin_site.admin_view(partial(view, self))
            return path(f"<int:pk>/{route}", wrapped, name=f"operations_workflow_{name}")

        return [
            address("canvas/<slug:name>/", endpoints.canvas_view, "canvas"),
            address("versions/<int:number>/", endpoints.version_view, "version"),
            address("rehearsals/<int:number>/", rehearsal_document_view, "rehearsal_document"),
            address("rehearsals/<int:number>/runs.csv", rehearsal_file_view, "rehearsal_file"),
            address("population/<int:population>/", endpoints.population_view, "population"),
            address("population/<int:population>/why/<int:recipient>/", endpoints.why_view, "population_why"),
            path("files/", self.admin_site.admin_view(partial(files_page, self)), name="operations_workflow_files"),
            path(
                "files/<str:name>",
                self.admin_site.admin_view(partial(file_view, self)),
                name="operations_workflow_file",
            ),
            *super().get_urls(),
        ]

    @service_action(
        label=gettext_lazy("Start"),
        permission="operations.run_workflow",
        icon="play",
        enabled=lambda row: (
            row.state != WorkflowState.PAUSED and WORKFLOW_MOVES.allows(row.state, WorkflowState.STARTED)
        ),
        why_disabled=lambda row: NOT_IN_THIS_STATE,
        primary=lambda row: row.state == WorkflowState.EDITED,
    )
    def start(self, request: HttpRequest, workflow: Workflow) -> str:
        services.start_workflow(workflow=workflow, now=timezone.now())
        ring(tasks.sweep)
        return _("The workflow is started.")

    @service_action(
        label=gettext_lazy("Pause"),
        permission="operations.run_workflow",
        icon="pause",
        enabled=lambda row: row.state == WorkflowState.STARTED,
        why_disabled=lambda row: NOT_IN_THIS_STATE,
    )
    def pause(self, request: HttpRequest, workflow: Workflow) -> str:
        services.pause_workflow(workflow=workflow, now=timezone.now())
        return _("The workflow is paused.")

    @service_action(
        label=gettext_lazy("Resume"),
        permission="operations.run_workflow",
        icon="play",
        enabled=lambda row: row.state == WorkflowState.PAUSED,
        why_disabled=lambda row: NOT_IN_THIS_STATE,
        primary=lambda row: True,
    )
    def resume(self, request: HttpRequest, workflow: Workflow) -> str:
        services.resume_workflow(workflow=workflow, now=timezone.now())
        ring(tasks.sweep)
        return _("The workflow goes on.")

    @service_action(
        label=gettext_lazy("Stop…"),
        permission="operations.run_workflow",
        icon="square",
        enabled=lambda row: row.state in (WorkflowState.STARTED, WorkflowState.PAUSED),
        why_disabled=lambda row: NOT_IN_THIS_STATE,
        dialog=stop_dialog,
    )
    def stop(self, request: HttpRequest, workflow: Workflow) -> str:
        services.stop_workflow(workflow=workflow, now=timezone.now())
        ring(tasks.sweep)
        return _("The workflow is stopped: it starts no further run, and its recurring series end.")

    @service_action(
        label=gettext_lazy("Run now"),
        permission="operations.run_workflow",
        icon="zap",
        enabled=lambda row: row.state in (WorkflowState.EDITED, WorkflowState.STARTED),
        why_disabled=lambda row: NOT_IN_THIS_STATE,
        dialog=run_now_dialog,
    )
    def run_now(self, request: HttpRequest, workflow: Workflow) -> HttpResponseRedirect:
        run, created = services.run_now(workflow=workflow, now=timezone.now())
        ring(tasks.advance_run, run_id=run.pk)
        sentence = _("Run %(run)s is on its way.") if created else _("Run %(run)s has this instant already.")
        messages.success(request, sentence % {"run": run})
        return HttpResponseRedirect(reverse("admin:operations_workflowrun_change", args=[run.pk]))

    @service_action(
        label=gettext_lazy("Rehearse"),
        permission="operations.run_workflow",
        icon="flask-conical",
        enabled=lambda row: row.version > 0,
        why_disabled=lambda row: gettext_lazy("Save the drawing first."),
        dialog=rehearse_dialog,
    )
    def rehearse(self, request: HttpRequest, workflow: Workflow) -> HttpResponseRedirect:
        return ask(request, workflow)
