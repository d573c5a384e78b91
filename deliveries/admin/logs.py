"""The delivery log and the analyses: written by the machine, read by people."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy

from common.admin import OneOrderMixin, ReadOnlyAdmin
from deliveries.models import Broadlog, Preparation, PreparationLog


@admin.register(Broadlog)
class BroadlogAdmin(OneOrderMixin, ReadOnlyAdmin):
    list_display = [
        "id",
        "delivery_id",
        "recipient_id",
        "address",
        "status",
        "is_in_doubt",
        "failure_reason",
        "updated_at",
    ]
    # The box is shown; `get_search_results` says what it searches.
    search_fields = ["recipient"]
    search_help_text = gettext_lazy("The number of a recipient.")
    ordering = ["-pk"]
    actions = None
    fields = [
        "id",
        "delivery_id",
        "preparation_id",
        "recipient_id",
        "address",
        "status",
        "in_doubt_since",
        "failure_type",
        "failure_reason",
        "failure_detail",
        "attempts",
        "updated_at",
    ]

    @admin.display(boolean=True, description=gettext_lazy("in doubt"))
    def is_in_doubt(self, row: Broadlog) -> bool:
        return row.in_doubt_since is not None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The log of one delivery is a tab of its page, which reads it along its index."""
        delivery = request.GET.get("delivery__id__exact", "")
        if not delivery.isdecimal():
            return super().changelist_view(request, extra_context)
        kept = {name: request.GET[name] for name in ("status", "q") if request.GET.get(name)}
        answer = redirect("admin:deliveries_delivery_logs", delivery)
        answer["Location"] += f"?{urlencode(kept)}" if kept else ""
        return answer

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        return (queryset.filter(recipient_id=int(term)) if term.isdecimal() else queryset.none()), False


class PreparationLogInline(admin.TabularInline[PreparationLog, Preparation]):
    model = PreparationLog
    fields = ["at", "level", "text"]
    readonly_fields = ["at", "level", "text"]
    ordering = ["pk"]
    extra = 0
    can_delete = False

    @admin.display(description=gettext_lazy("message"))
    def text(self, row: PreparationLog) -> str:
        return row.text

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Preparation)
class PreparationAdmin(ReadOnlyAdmin):
    list_display = [
        "id",
        "delivery",
        "number",
        "state",
        "targeted",
        "ignored",
        "to_deliver",
        "requested_at",
        "ended_at",
    ]
    list_filter = ["state"]
    list_select_related = ["delivery"]
    ordering = ["-pk"]
    actions = None
    inlines = [PreparationLogInline]
    fields = [
        "delivery",
        "number",
        "state",
        "requested_action",
        "workflow_run",
        "targeted",
        "ignored",
        "to_deliver",
        "ignored_counts",
        "already_in_delivery",
        "error",
        "requested_at",
        "ended_at",
    ]
