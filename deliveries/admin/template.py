"""Delivery templates: the templates folder, and the local ones of activities."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext_lazy as _

from common.admin import ServiceActionsMixin, service_action
from deliveries.admin.preview import preview_page
from deliveries.admin.proofs import proof_allowed, proof_button
from deliveries.models import DeliveryTemplate
from deliveries.proofs import refusal


@admin.register(DeliveryTemplate)
class DeliveryTemplateAdmin(ServiceActionsMixin, admin.ModelAdmin[DeliveryTemplate]):
    change_form_template = "admin/deliveries/deliverytemplate/change_form.html"
    list_display = ["label", "internal_name", "channel", "subject", "activity", "updated_at"]
    list_filter = ["channel", ("activity", admin.EmptyFieldListFilter)]
    list_select_related = ["activity"]
    search_fields = ["label", "internal_name", "subject"]
    readonly_fields = ["activity", "source"]
    fieldsets = [
        (None, {"fields": ["label", "internal_name", "activity", "source"]}),
        (_("Content"), {"fields": list(DeliveryTemplate.CONTENT_FIELDS)}),
        (_("Sending"), {"fields": list(DeliveryTemplate.SENDING_FIELDS)}),
    ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A local template goes with its activity.
        return (obj is None or obj.activity_id is None) and super().has_delete_permission(request, obj)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.preview)
        return [
            path("<int:pk>/preview/", view, name="deliveries_deliverytemplate_preview"),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        return preview_page(request, get_object_or_404(DeliveryTemplate, pk=pk))

    @service_action(
        label=_("Send a proof"),
        permission="deliveries.proof_delivery",
        enabled=proof_allowed,
        why_disabled=refusal,
    )
    def proof(self, request: HttpRequest, template: DeliveryTemplate) -> Any:
        return proof_button(request, template, self.admin_site.each_context(request))
