"""The deliveries of an operation, on its page."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from deliveries.models import Delivery, DeliveryKind, DeliverySeries
from operations.admin.panels import operation_panels
from operations.models import Operation

SHOWN = 20


@operation_panels.register("deliveries")
def deliveries_panel(request: HttpRequest, operation: Operation) -> str:
    """The latest deliveries with their account, and the series."""
    if not request.user.has_perm("deliveries.view_delivery"):
        return ""
    deliveries = Delivery.objects.filter(operation=operation).exclude(kind=DeliveryKind.PROOF).order_by("-pk")
    context = {
        "operation": operation,
        "deliveries": list(deliveries[:SHOWN]),
        "series": list(DeliverySeries.objects.filter(operation=operation).order_by("label")),
        "shown": SHOWN,
    }
    return render_to_string("admin/deliveries/operation_panel.html", context, request)
