"""A person decides about everything in doubt, of one delivery or of several."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _

from common.errors import Refused
from deliveries import settlement
from deliveries.models import Delivery
from deliveries.mta.settling.from_log import Settlement

_COUNTED_AS = {settlement.SENT: "sent", settlement.FAILED: "failed", settlement.RESEND: "resent"}


def settle_as(*, decision: str, deliveries: Collection[int], now: datetime, dry_run: bool = False) -> Settlement:
    """Settle all their messages in doubt alike. What can't be sent again stays in doubt, unless it is all there is.

    Raises UnknownDecision, NothingInDoubt, UnableToResend.
    """
    done = Settlement()
    refusal: Refused = settlement.NothingInDoubt(_("No message is in doubt."))
    for delivery in Delivery.objects.filter(pk__in=list(deliveries), in_doubt__gt=0).order_by("pk"):
        counter = _COUNTED_AS.get(decision, "undecided")
        try:
            number = delivery.in_doubt if dry_run else settlement.settle_in_doubt(delivery, decision=decision, now=now)
        except (settlement.UnableToResend, settlement.NothingInDoubt) as error:
            refusal, counter, number = error, "undecided", delivery.in_doubt
        setattr(done, counter, getattr(done, counter) + number)
    if not done.settled:
        raise refusal
    return done
