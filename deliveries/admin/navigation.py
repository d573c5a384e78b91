"""The entries of the sidebar: the deliveries, and what they are made from."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common.navigation import Section, sections
from deliveries.models import Delivery, DeliveryState

# States that only a person, or a remedy, ends.
NEED_SOMEBODY = (DeliveryState.START_PENDING, DeliveryState.RETRY_PENDING, DeliveryState.PREPARATION_FAILED)


def needing_somebody(request: HttpRequest) -> tuple[int, bool] | None:
    found = Delivery.objects.filter(state__in=NEED_SOMEBODY).count()
    return (found, True) if found else None


sections.add(
    "deliveries",
    Section(
        label=_("Deliveries"),
        icon="send",
        url_name="admin:deliveries_delivery_changelist",
        position=30,
        prefixes=("deliveries/", "tracking/"),
        permissions=("deliveries.view_delivery",),
        count=needing_somebody,
        key="d",
    ),
)
sections.add(
    "templates",
    Section(
        label=_("Templates"),
        icon="layout-template",
        url_name="section",
        url_arguments=("templates",),
        position=40,
        prefixes=("deliveries/deliverytemplate/", "deliveries/contentblock/", "deliveries/typology/"),
        permissions=("deliveries.view_deliverytemplate", "deliveries.view_typology"),
        key="t",
    ),
)
