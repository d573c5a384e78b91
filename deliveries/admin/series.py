"""A recurring series: its occurrences, the next one on screen, and its end."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import ReadOnlyAdmin, ServiceActionsMixin, service_action
from common.doorbell import ring
from deliveries import control, tasks
from deliveries.admin.preview import preview_page
from deliveries.models import Delivery, DeliverySeries, DeliveryTemplate

SHOWN = 60


@admin.register(DeliverySeries)
class DeliverySeriesAdmin(ServiceActionsMixin, ReadOnlyAdmin):
    change_form_template = "admin/deliveries/deliveryseries/change_form.html"
    list_display = ["label", "operation", "activity", "created_at"]
    list_select_related = ["operation", "activity"]
    search_fields = ["label", "operation__label"]
    ordering = ["-pk"]
    fields = ["label", "operation", "activity", "created_at"]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.preview)
        return [path("<int:pk>/preview/", view, name="deliveries_deliveryseries_preview"), *super().get_urls()]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The next occurrence as a chosen recipient would get it: a series has no proofs."""
        series = get_object_or_404(DeliverySeries, pk=pk)
        return preview_page(request, _next_content(series))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        context = {"occurrences": _occurrences(object_id), "shown": SHOWN, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    @service_action(
        label=gettext_lazy("Stop the series"),
        permission="deliveries.start_delivery",
        enabled=lambda series: series.occurrences.exists(),
        why_disabled=lambda series: gettext_lazy("It has no occurrence yet: stop its workflow."),
    )
    def stop_series(self, request: HttpRequest, series: DeliverySeries) -> str:
        last = series.occurrences.order_by("-occurrence").first()
        if last is None:
            raise Http404
        control.stop(last, now=timezone.now(), scope=control.SERIES)
        ring(tasks.sweep)
        return _("The series is stopped: its workflow starts no other occurrence.")


def _occurrences(object_id: str) -> list[Delivery]:
    if not object_id.isdigit():
        return []
    return list(Delivery.objects.filter(series=int(object_id)).order_by("-occurrence")[:SHOWN])


def _next_content(series: DeliverySeries) -> DeliveryTemplate:
    template = DeliveryTemplate.objects.filter(activity=series.activity_id).first()
    if template is None:
        raise Http404
    return template
