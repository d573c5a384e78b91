"""Counters of opens, clicks and unsubscriptions: recomputed from the hits of every delivery that has new ones."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Count, Q

from deliveries.models import Delivery, DeliveryKind
from operations.workflow.pump import pickers
from tracking.models import DeliveryMark, HitKind, TrackingLog, Verdict

# Whoever clicks or reads the mirror page has opened, even where the pixel was blocked.
OPENING = [HitKind.OPEN, HitKind.CLICK, HitKind.MIRROR]
MACHINES = [Verdict.SCANNER, Verdict.PREFETCH]
BATCH = 100


@pickers.register("tracking.consolidate")
def consolidate_due(now: datetime) -> int:
    """Bring the counters of stale deliveries up to date, oldest mark first; return how many."""
    stale = DeliveryMark.objects.filter(stale_since__lte=now).order_by("stale_since")
    return sum(consolidate(delivery_id) for delivery_id in stale.values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def consolidate(delivery_id: int) -> bool:
    """Recompute one delivery's counters; False if another process is at it."""
    marks = DeliveryMark.objects.filter(pk=delivery_id)
    locked = marks.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
    if not locked.exists():
        return False
    marks.delete()
    # Proofs are no statistics.
    rows = Delivery.objects.filter(pk=delivery_id).exclude(kind=DeliveryKind.PROOF)
    rows.update(**count_hits(delivery_id))
    return True


def count_hits(delivery_id: int) -> dict[str, int]:
    """How many messages were opened, clicked and unsubscribed from by people, in one statement."""
    people = ~Q(verdict__in=MACHINES)
    return TrackingLog.objects.filter(delivery=delivery_id).aggregate(
        opened=Count("broadlog", distinct=True, filter=people & Q(kind__in=OPENING)),
        clicked=Count("broadlog", distinct=True, filter=people & Q(kind=HitKind.CLICK)),
        unsubscribed=Count("broadlog", distinct=True, filter=Q(kind=HitKind.UNSUBSCRIBE)),
    )
