"""Further people with the address of somebody who gets the message."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from deliveries.typology.base import FilteringRule
from deliveries.typology.registry import register_filtering
from recipients.vocabulary import FailureReason, FailureType


@register_filtering
class Duplicate(FilteringRule):
    code = "duplicate"
    label = _("Duplicate address")
    reason = FailureReason.DOUBLE
    failure_type = FailureType.IGNORED
    sequence = 50
    one_per_address = True
