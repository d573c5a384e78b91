"""One row per hit, as it came; the delivery is marked so that its counters are computed again."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction

from deliveries.models import Broadlog, TrackedUrl
from tracking.models import DeliveryMark, HitKind, TrackingLog
from tracking.robots import Visitor, classify

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@transaction.atomic
def record_hit(
    *, message: Broadlog, kind: HitKind, visitor: Visitor, now: datetime, tracked_url: TrackedUrl | None = None
) -> TrackingLog:
    """Keep the hit with the verdict of the present rules."""
    user_agent = _CONTROLS.sub(" ", visitor.user_agent)[:500]
    hit = TrackingLog.objects.create(
        delivery_id=message.delivery_id,
        broadlog=message,
        recipient_id=message.recipient_id,
        tracked_url=tracked_url,
        kind=kind,
        at=now,
        verdict=classify(visitor),
        user_agent=user_agent,
    )
    mark_stale(delivery_id=message.delivery_id, now=now)
    return hit


def mark_stale(*, delivery_id: int, now: datetime) -> None:
    """Ask for new counters. The row stays locked until the hit is committed, so consolidation never misses one."""
    DeliveryMark.objects.bulk_create(
        [DeliveryMark(delivery_id=delivery_id, stale_since=now)],
        update_conflicts=True,
        update_fields=["stale_since"],
        unique_fields=["delivery"],
    )
