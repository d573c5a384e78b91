"""Counters of opens, clicks and unsubscriptions: recomputed from the hits of every delivery that has new ones."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Count, Q

from deliveries.models import Delivery, DeliveryKind
from deliveries.recompute import recomputers
from operations.workflow.pump import pickers
from tracking.hours import recompute_hours
from tracking.intake import mark_stale
from tracking.models import DeliveryMark, HitKind, TrackingLog
from tracking.verdicts import MACHINES, OPENING

__all__ = ["MACHINES", "OPENING", "consolidate", "consolidate_due", "count_hits", "recompute_indicators"]
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
    # Proofs are no statistics; where hits were deleted, the counters are all that is left.
    rows = Delivery.objects.filter(pk=delivery_id, rows_purged=False).exclude(kind=DeliveryKind.PROOF)
    rows.update(**count_hits(delivery_id))
    for delivery in rows.only("contact_date", "started_at", "created_at"):
        recompute_hours(delivery)
    return True


@recomputers.register("tracking")
def recompute_indicators(delivery_id: int, *, now: datetime) -> bool:
    """Compute them again whether or not there are new hits."""
    mark_stale(delivery_id=delivery_id, now=now)
    return consolidate(delivery_id)


def count_hits(delivery_id: int) -> dict[str, int]:
    """How many messages were opened, clicked and unsubscribed from by people, in one statement."""
    people = ~Q(verdict__in=MACHINES)
    return TrackingLog.objects.filter(delivery=delivery_id).aggregate(
        opened=Count("broadlog", distinct=True, filter=people & Q(kind__in=OPENING)),
        clicked=Count("broadlog", distinct=True, filter=people & Q(kind=HitKind.CLICK)),
        unsubscribed=Count("broadlog", distinct=True, filter=Q(kind=HitKind.UNSUBSCRIBE)),
    )
