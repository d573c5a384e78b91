"""The admin of recurring series: the list, the cockpit, the next content on screen, and the end."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import FORM, PROPERTIES, ReadOnlyAdmin, Tab, TabbedPageMixin, service_action
from common.csv_lines import csv_lines
from common.doorbell import ring
from common.registry import Registry
from deliveries import tasks
from deliveries.admin.preview import preview_page
from deliveries.admin.series import ending
from deliveries.admin.series.cockpit import cockpit, next_content
from deliveries.admin.series.table import csv_rows
from deliveries.models import DeliverySeries, DeliveryTemplate
from deliveries.models.delivery import NO_PROOF_FROM_RECURRING
from deliveries.proofs import ProofNotAllowed
from operations.admin.badges import workflow_badge

series_tabs: Registry[Tab] = Registry("tabs of a series")
series_tabs.add("cockpit", Tab(gettext_lazy("Occurrences"), "admin/deliveries/deliveryseries/cockpit.html", cockpit))
series_tabs.add("next", Tab(gettext_lazy("Next content"), "admin/deliveries/deliveryseries/next.html", next_content))
series_tabs.add(PROPERTIES, FORM)


@admin.register(DeliverySeries)
class DeliverySeriesAdmin(TabbedPageMixin, ReadOnlyAdmin):
    tabs = series_tabs
    change_form_template = "admin/page_form.html"
    list_display = ["label", "operation", "activity", "created_at"]
    list_select_related = ["operation", "activity"]
    search_fields = ["label", "operation__label"]
    ordering = ["-pk"]
    fields = ["label", "operation", "activity", "created_at"]

    def get_urls(self) -> list[Any]:
        views = [("preview", self.preview), ("csv", self.csv)]
        pages = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"deliveries_deliveryseries_{name}")
            for name, view in views
        ]
        return [*pages, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("activity__workflow", "operation")

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {
            "series": row,
            "page_badge": workflow_badge(row.activity.workflow),
            "header_template": "admin/deliveries/deliveryseries/facts.html",
        }

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The next occurrence as a chosen recipient would get it: a series has no proofs."""
        series = get_object_or_404(DeliverySeries, pk=pk)
        template = DeliveryTemplate.objects.filter(activity=series.activity_id).first()
        if template is None:
            raise Http404
        return preview_page(request, template)

    def csv(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        series = get_object_or_404(DeliverySeries, pk=pk)
        if not self.has_view_permission(request, series):
            raise PermissionDenied
        answer = StreamingHttpResponse(csv_lines(csv_rows(series)), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="series-{series.pk}.csv"'
        return answer

    def buttons(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        link = reverse("admin:deliveries_deliveryseries_next", args=[row.pk])
        look = {"name": "preview_next", "label": _("Preview the next one"), "icon": "eye", "link": link}
        return [look, *super().buttons(request, row)]

    @service_action(
        label=gettext_lazy("Stop…"),
        permission="deliveries.start_delivery",
        enabled=ending.may_stop,
        why_disabled=lambda series: gettext_lazy("Its workflow is not running and no occurrence is being sent."),
        dialog=lambda series: ending.stop_dialog(series, timezone.now()),
        shown=ending.may_stop,
        icon="square",
        destructive=True,
    )
    def stop_series(self, request: HttpRequest, series: DeliverySeries) -> str:
        ending.stop(series, timezone.now())
        ring(tasks.sweep)
        return _("The series is stopped: its workflow starts no other occurrence.")

    @service_action(
        label=gettext_lazy("Send a proof"),
        permission="deliveries.proof_delivery",
        enabled=lambda series: False,
        why_disabled=lambda series: NO_PROOF_FROM_RECURRING,
    )
    def proof(self, request: HttpRequest, series: DeliverySeries) -> str:
        raise ProofNotAllowed(str(NO_PROOF_FROM_RECURRING))
