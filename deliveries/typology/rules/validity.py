"""The validity must not end before anything could be sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.models import Delivery, DeliveryKind, Preparation
from deliveries.typology.base import ControlRule
from deliveries.typology.registry import register_control


@register_control
class Validity(ControlRule):
    code = "validity"
    label = gettext_lazy("Validity period")

    def faults(self, delivery: Delivery, preparation: Preparation) -> Iterator[str]:
        # A continuous delivery is prolonged by each confirmation.
        if delivery.contact_date is None or delivery.kind == DeliveryKind.CONTINUOUS:
            return
        ends = delivery.contact_date + timedelta(days=delivery.validity_days)
        if ends <= preparation.requested_at:
            yield _("The validity ended on %(end)s, before anything could be sent.") % {
                "end": date_format(timezone.localtime(ends), "DATETIME_FORMAT")
            }
