"""The admin of deliveries: `delivery.py` first, then what it is made from (templates), what it wrote (logs), how it is
sent (settings)."""

from deliveries.admin.delivery import DeliveryAdmin
from deliveries.admin.logs import BroadlogAdmin, PreparationAdmin
from deliveries.admin.operation_panel import deliveries_panel
from deliveries.admin.series import DeliverySeriesAdmin
from deliveries.admin.settings import AffinityAdmin, RouteAdmin, TypologyAdmin
from deliveries.admin.template import DeliveryTemplateAdmin

__all__ = [
    "AffinityAdmin",
    "BroadlogAdmin",
    "DeliveryAdmin",
    "DeliverySeriesAdmin",
    "DeliveryTemplateAdmin",
    "PreparationAdmin",
    "RouteAdmin",
    "TypologyAdmin",
    "deliveries_panel",
]
