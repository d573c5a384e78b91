"""The sender address must be there and be one."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.channels.registry import channels
from deliveries.models import Delivery, Preparation
from deliveries.typology.base import ControlRule
from deliveries.typology.registry import register_control


@register_control
class SenderAddress(ControlRule):
    code = "sender_address"
    label = gettext_lazy("Sender address")

    def faults(self, delivery: Delivery, preparation: Preparation) -> Iterator[str]:
        if not delivery.from_email.strip():
            yield _("The sender address is empty.")
            return
        try:
            channels.get(delivery.channel).check_address(delivery.from_email)
        except ValueError as error:
            yield _("The sender address %(address)s is wrong: %(reason)s") % {
                "address": delivery.from_email,
                "reason": error,
            }
