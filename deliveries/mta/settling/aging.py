"""An option ends the wait of messages in doubt that nothing settles: they fail with the reason “outcome unknown”."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from deliveries import settlement
from deliveries.models import Broadlog, Delivery
from installation.options import IntegerOption, declare, get_option

IN_DOUBT_HOURS = declare(
    IntegerOption(
        "IN_DOUBT_HOURS",
        default=0,
        minimum=0,
        maximum=8760,
        help=gettext_lazy(
            "After so many hours a message in doubt fails with the reason “Outcome unknown”; 0: it waits for somebody."
        ),
    )
)


def fail_old_doubts(*, now: datetime) -> int:
    """Fail what has been in doubt for longer than the option allows; return how many. Nothing while it is 0."""
    hours = get_option(IN_DOUBT_HOURS.name)
    if not hours:
        return 0
    old = settlement.doubtful_rows().filter(in_doubt_since__lte=now - timedelta(hours=hours))
    return sum(_fail(delivery, old, now) for delivery in Delivery.objects.filter(in_doubt__gt=0).order_by("pk"))


def _fail(delivery: Delivery, old: QuerySet[Broadlog], now: datetime) -> int:
    numbers = list(old.filter(delivery=delivery).values_list("pk", flat=True))
    if not numbers:
        return 0
    try:
        return settlement.settle_in_doubt(delivery, decision=settlement.FAILED, now=now, broadlogs=numbers)
    except settlement.NothingInDoubt:
        return 0
