"""Addresses that can't be one."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from deliveries.channels.base import Channel
from deliveries.typology.base import FilteringRule
from deliveries.typology.registry import register_filtering
from recipients.vocabulary import FailureReason, FailureType


@register_filtering
class InvalidAddress(FilteringRule):
    code = "invalid_address"
    label = _("Invalid address")
    reason = FailureReason.BAD_QUALITY
    failure_type = FailureType.IGNORED
    sequence = 20
    applies_to_proofs = True

    def condition(self, channel: Channel) -> Q:
        return channel.invalid_address()
