"""The admin of operations: list, tabs, buttons; copies, and the calendar."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import TabbedPageMixin, service_action
from common.badges import badge
from common.doorbell import ring
from operations import services, tasks
from operations.admin.operation.calendar import calendar_page
from operations.admin.operation.dialogs import cancel_dialog
from operations.admin.operation.forms import CopyForm, OperationForm
from operations.admin.operation.tabs import operation_tabs
from operations.copying import copy_operation, create_from_template
from operations.models import Operation, OperationState
from operations.models.operation import OPERATION_MOVES

FIELDS = ["label", "internal_name", "program", "priority", "starts_on", "ends_on", "owner", "description"]
TEMPLATE_FIELDS = ["is_template", "duration_days"]


class TemplateFilter(admin.SimpleListFilter):
    """Templates are shown when asked for."""

    title = gettext_lazy("template")
    parameter_name = "templates"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Templates"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(is_template=self.value() == "yes")


@admin.register(Operation)
class OperationAdmin(TabbedPageMixin, admin.ModelAdmin[Operation]):
    tabs = operation_tabs
    form = OperationForm
    change_form_template = "admin/page_form.html"
    change_list_template = "admin/operations/operation/change_list.html"
    list_display = ["label", "program", "shown_state", "priority", "starts_on", "ends_on", "owner"]
    list_select_related = ["program", "owner"]
    list_filter = ["state", "priority", "program__plan", "program", TemplateFilter]
    search_fields = ["label", "internal_name"]
    ordering = ["-pk"]
    autocomplete_fields = ["program", "owner"]

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def shown_state(self, row: Operation) -> Any:
        from common.template_tags import badge as show

        return show(OperationState(row.state))

    def get_fieldsets(self, request: HttpRequest, obj: Operation | None = None) -> Any:
        if obj is None:
            return [
                (None, {"fields": ["label", "template", "program", "starts_on", "ends_on", "owner", "description"]}),
                (_("Template"), {"fields": TEMPLATE_FIELDS}),
            ]
        return [(None, {"fields": FIELDS}), (_("Template"), {"fields": TEMPLATE_FIELDS})]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": request.user.pk, **super().get_changeform_initial_data(request)}

    def page_context(self, request: HttpRequest, row: Operation) -> dict[str, Any]:
        state = OperationState(row.state)
        return {
            "page_badge": badge(state),
            "header_template": "admin/operations/operation/header.html",
            "add_workflow_url": f"{reverse('admin:operations_workflow_add')}?operation={row.pk}",
            "is_cancelled": state == OperationState.CANCELLED,
        }

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("calendar/", wrap(calendar_page), name="operations_operation_calendar"),
            path("<int:pk>/copy/", wrap(self.copy_page), name="operations_operation_copy"),
            *super().get_urls(),
        ]

    def save_model(self, request: HttpRequest, obj: Operation, form: Any, change: bool) -> None:
        template = None if change else form.cleaned_data.get("template")
        if template is None:
            obj.save()
            return
        made = create_from_template(
            template=template, label=obj.label, by=_user(request), program=obj.program, starts_on=obj.starts_on
        )
        for name in ("owner", "description", "ends_on"):
            if form.cleaned_data.get(name):
                setattr(made, name, form.cleaned_data[name])
        made.save()
        obj.pk = made.pk

    def response_add(self, request: HttpRequest, obj: Operation, post_url_continue: str | None = None) -> Any:
        answer = super().response_add(request, obj, post_url_continue)
        # Its page comes next, not the list.
        if {"_addanother", "_continue", "_popup"} & set(request.POST):
            return answer
        return HttpResponseRedirect(reverse("admin:operations_operation_change", args=[obj.pk]))

    def copy_page(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Asks for the label of a copy, then makes it."""
        source = self.get_object(request, str(pk))
        if source is None or not self.has_add_permission(request):
            return HttpResponseRedirect(reverse("admin:operations_operation_changelist"))
        initial = {"label": _("%(label)s (copy)") % {"label": source.label}, "starts_on": source.starts_on}
        form = CopyForm(request.POST or None, initial=initial)
        if form.is_valid():
            made = copy_operation(source=source, by=_user(request), **form.cleaned_data)
            self.message_user(request, _("“%(label)s” is made, with its workflows.") % {"label": made})
            return HttpResponseRedirect(reverse("admin:operations_operation_change", args=[made.pk]))
        title = _("Copy “%(label)s”") % {"label": source}
        context = {**self._page(request, source, ""), "form": form, "title": title}
        return TemplateResponse(request, "admin/operations/operation/copy.html", context)

    @service_action(
        label=gettext_lazy("Start"),
        permission="operations.start_operation",
        icon="play",
        shown=lambda row: not row.is_template and OPERATION_MOVES.allows(row.state, OperationState.STARTED),
        primary=lambda row: True,
    )
    def start(self, request: HttpRequest, operation: Operation) -> str:
        services.start_operation(operation=operation, now=timezone.now())
        return _("The operation is started.")

    @service_action(
        label=gettext_lazy("Cancel the operation…"),
        permission="operations.cancel_operation",
        # A cancellation that was interrupted can be asked for again.
        enabled=lambda row: row.state != OperationState.FINISHED,
        why_disabled=lambda row: gettext_lazy("The operation is finished."),
        shown=lambda row: not row.is_template,
        dialog=cancel_dialog,
        icon="circle-slash",
    )
    def cancel(self, request: HttpRequest, operation: Operation) -> str:
        reason = request.POST.get("reason", "")
        services.cancel_operation(operation=operation, now=timezone.now(), by=_user(request), reason=reason)
        ring(tasks.sweep)
        return _("The operation is cancelled: its workflows and deliveries are stopping.")

    @service_action(label=gettext_lazy("Duplicate…"), permission="operations.add_operation", icon="copy", in_menu=True)
    def duplicate(self, request: HttpRequest, operation: Operation) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:operations_operation_copy", args=[operation.pk]))


def _user(request: HttpRequest) -> Any:
    return request.user
