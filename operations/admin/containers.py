"""Plans, programs, and the page of an operation: its workflows, and what apps downstream show of it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import ServiceActionsMixin, service_action
from common.doorbell import ring
from operations import services, tasks
from operations.admin.panels import operation_panels
from operations.models import Operation, OperationState, Plan, Program
from operations.models.operation import OPERATION_MOVES

SHOWN = 50


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin[Plan]):
    list_display = ["label", "internal_name"]
    search_fields = ["label"]
    ordering = ["label"]


@admin.register(Program)
class ProgramAdmin(admin.ModelAdmin[Program]):
    list_display = ["label", "plan", "internal_name"]
    list_select_related = ["plan"]
    list_filter = ["plan"]
    search_fields = ["label"]
    ordering = ["label"]


@admin.register(Operation)
class OperationAdmin(ServiceActionsMixin, admin.ModelAdmin[Operation]):
    change_form_template: ClassVar[Any] = "admin/operations/operation/change_form.html"
    list_display = ["label", "program", "state", "priority", "starts_on", "ends_on"]
    list_select_related = ["program"]
    list_filter = ["state", "priority", "program"]
    search_fields = ["label", "internal_name"]
    ordering = ["-pk"]
    fields = ["label", "internal_name", "program", "state", "priority", "starts_on", "ends_on", "owner"]
    readonly_fields = ["state"]
    autocomplete_fields = ["program"]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        operation = Operation.objects.filter(pk=object_id).first() if object_id.isdigit() else None
        context = {} if operation is None else _summary(request, operation)
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @service_action(
        label=gettext_lazy("Start"),
        permission="operations.start_operation",
        enabled=lambda row: OPERATION_MOVES.allows(row.state, OperationState.STARTED),
        why_disabled=lambda row: gettext_lazy("Only an operation that is not at work can be started."),
    )
    def start(self, request: HttpRequest, operation: Operation) -> str:
        services.start_operation(operation=operation, now=timezone.now())
        return _("The operation is started.")

    @service_action(
        label=gettext_lazy("Cancel"),
        permission="operations.cancel_operation",
        # A cancellation that was interrupted can be asked for again.
        enabled=lambda row: row.state != OperationState.FINISHED,
        why_disabled=lambda row: gettext_lazy("The operation is finished."),
        confirm=gettext_lazy("Cancel the operation, with its workflows and deliveries? Nothing starts again."),
    )
    def cancel(self, request: HttpRequest, operation: Operation) -> str:
        services.cancel_operation(operation=operation, now=timezone.now())
        ring(tasks.sweep)
        return _("The operation is cancelled: its workflows and deliveries are stopping.")


def _summary(request: HttpRequest, operation: Operation) -> dict[str, Any]:
    return {
        "operation": operation,
        "workflows": list(operation.workflows.order_by("-pk")[:SHOWN]),
        "may_add_workflow": request.user.has_perm("operations.add_workflow"),
        "panels": [html for html in (panel(request, operation) for panel in operation_panels) if html],
    }
