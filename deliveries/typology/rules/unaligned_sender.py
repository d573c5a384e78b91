"""A sender in whose name nothing vouches for the mails: receivers with a DMARC policy refuse them."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.channels.email.alignment import alignment_of
from deliveries.models import Delivery, Preparation
from deliveries.typology.base import ControlRule
from deliveries.typology.registry import register_control


@register_control
class UnalignedSender(ControlRule):
    code = "unaligned_sender"
    label = gettext_lazy("Sender that nothing vouches for (DMARC)")

    def faults(self, delivery: Delivery, preparation: Preparation) -> Iterator[str]:
        found = alignment_of(delivery)
        if found is None or not found.fails:
            return
        yield _(
            "Receivers would refuse the sender %(sender)s: mails are neither signed in its name nor returned to it, "
            "but to %(envelope)s (DMARC)."
        ) % {"sender": found.sender, "envelope": found.envelope}
        yield _("Activate a DKIM key of %(sender)s, or choose a sender address at %(domains)s.") % {
            "sender": found.sender,
            "domains": ", ".join(found.other_keys[:5] or [found.envelope]),
        }
