"""The delivery log and the analyses: written by the machine, read by people."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import ReadOnlyAdmin
from deliveries.admin.filters import StatusFilter
from deliveries.models import Broadlog, Preparation, PreparationLog


@admin.register(Broadlog)
class BroadlogAdmin(ReadOnlyAdmin):
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
    list_filter = [StatusFilter]
    # The box is shown; `get_search_results` says what it searches.
    search_fields = ["address"]
    search_help_text = gettext_lazy("Within one delivery: the number of a recipient, or a whole address.")
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

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if "delivery__id__exact" not in request.GET:
            messages.warning(request, _("Choose a delivery first: the search looks into one delivery's log."))
            return queryset.none(), False
        number = Q(recipient_id=int(term)) if term.isdigit() else Q()
        return queryset.filter(Q(address__iexact=term) | number), False


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
