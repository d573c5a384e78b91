"""People who asked for no more messages, and addresses whose holder complained."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from deliveries.channels.base import Channel
from deliveries.typology.base import FilteringRule
from deliveries.typology.registry import register_filtering
from recipients.models import Quarantine
from recipients.vocabulary import FailureReason, FailureType


@register_filtering
class Denylisted(FilteringRule):
    code = "denylisted"
    label = _("Denylisted")
    reason = FailureReason.DENYLISTED
    failure_type = FailureType.HARD
    sequence = 30
    quarantine_status = Quarantine.Status.DENYLISTED

    def condition(self, channel: Channel) -> Q:
        return Q(denylist_all=True) | Q(**{channel.denylist_field: True})
