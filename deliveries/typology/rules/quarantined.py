"""Addresses that messages could not reach."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from deliveries.typology.base import FilteringRule
from deliveries.typology.registry import register_filtering
from recipients.models import Quarantine
from recipients.vocabulary import FailureReason, FailureType


@register_filtering
class Quarantined(FilteringRule):
    code = "quarantined"
    label = _("Address in quarantine")
    reason = FailureReason.QUARANTINED
    failure_type = FailureType.HARD
    sequence = 40
    quarantine_status = Quarantine.Status.QUARANTINED
