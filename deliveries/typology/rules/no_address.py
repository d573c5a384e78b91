"""People without an address on the channel."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from deliveries.channels.base import Channel
from deliveries.typology.base import FilteringRule
from deliveries.typology.registry import register_filtering
from recipients.vocabulary import FailureReason, FailureType


@register_filtering
class NoAddress(FilteringRule):
    code = "no_address"
    label = _("Address not specified")
    reason = FailureReason.ADDRESS_NOT_SPECIFIED
    failure_type = FailureType.HARD
    sequence = 10
    applies_to_proofs = True

    def condition(self, channel: Channel) -> Q:
        return Q(address_key="")
