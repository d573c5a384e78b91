"""The counters shown on a delivery: moved in the transaction that moves the rows, recomputable from them."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Count, Q

from common.sql import execute
from deliveries.models import Broadlog, Delivery, MessageStatus


def counter_of(status: int, *, in_doubt: bool = False) -> str:
    """The counter that a row in this status belongs to."""
    return "in_doubt" if in_doubt else MessageStatus(status).slug


def move_counts(delivery_id: int, deltas: Mapping[str, int]) -> None:
    """Add the deltas (counter name → signed number) in one UPDATE."""
    changes = {name: number for name, number in deltas.items() if number}
    if changes:
        columns = ", ".join(f"{name} = {name} + %s" for name in changes)
        execute(f"UPDATE deliveries_delivery SET {columns} WHERE id = %s", [*changes.values(), delivery_id])


def count_rows(delivery_id: int) -> dict[str, int]:
    """Every status counter and `targeted`, recomputed from the broadlogs in one statement."""
    doubt = Q(in_doubt_since__isnull=False)
    counts = dict.fromkeys(("targeted", *Delivery.STATUS_COUNTERS), 0)
    rows = (
        Broadlog.objects.filter(delivery=delivery_id)
        .values("status")
        .annotate(rows=Count("pk"), doubtful=Count("pk", filter=doubt))
        .order_by()
    )
    for row in rows:
        counts["targeted"] += row["rows"]
        counts["in_doubt"] += row["doubtful"]
        counts[counter_of(row["status"])] += row["rows"] - row["doubtful"]
    return counts
