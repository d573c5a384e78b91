"""Mails that leave here without a DKIM signature of their sender: large receivers ask for one."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy, gettext_noop

from common.sentences import Sentence
from deliveries.channels.email.alignment import alignment_of
from deliveries.models import Delivery, Preparation
from deliveries.typology.base import ControlRule, Level
from deliveries.typology.registry import register_control


@register_control
class UnsignedSender(ControlRule):
    code = "unsigned_sender"
    label = gettext_lazy("Sender without a DKIM key")
    level = Level.WARNING

    def faults(self, delivery: Delivery, preparation: Preparation) -> Iterator[Sentence]:
        found = alignment_of(delivery)
        if found is None or not found.doubtful:
            return
        yield Sentence(
            gettext_noop(
                "No DKIM key signs for %(sender)s here: unless the relay does, large receivers refuse or sort out "
                "these mails. Make a key and publish its record."
            ),
            {"sender": found.sender},
        )
