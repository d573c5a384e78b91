"""The receivers that deliveries wait for: whom, why, until when, and whether somebody has to decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from deliveries.models import DeliveryPart, GroupState, PartState, ReceiverGroup


@dataclass(frozen=True)
class Throttle:
    """`stopped`: the receiver is paused, by us or by somebody; otherwise it has had its share for now."""

    receiver: str
    label: str
    reason: str
    until: datetime
    stopped: bool
    # How many parts wait for it.
    parts: int


def throttles_of(deliveries: Sequence[int], now: datetime) -> dict[int, list[Throttle]]:
    """By delivery, the soonest first; three queries at most."""
    waiting = DeliveryPart.objects.filter(delivery__in=deliveries, state=PartState.DUE, due_at__gt=now)
    rows = list(
        waiting.exclude(throttled_by="")
        .values("delivery_id", "throttled_by", "throttle_reason")
        .annotate(until=Min("due_at"), parts=Count("pk"))
        .order_by("until", "throttled_by")
    )
    if not rows:
        return {}
    receivers = {row["throttled_by"] for row in rows}
    labels = dict(ReceiverGroup.objects.filter(internal_name__in=receivers).values_list("internal_name", "label"))
    stopped = _stopped(receivers, now)
    found: dict[int, list[Throttle]] = defaultdict(list)
    for row in rows:
        receiver = row["throttled_by"]
        found[row["delivery_id"]].append(
            Throttle(
                receiver,
                labels.get(receiver, receiver),
                row["throttle_reason"],
                row["until"],
                receiver in stopped,
                row["parts"],
            )
        )
    return found


def _stopped(receivers: Iterable[str], now: datetime) -> set[str]:
    paused = GroupState.objects.filter(Q(paused=True) | Q(paused_until__gt=now), receiver__in=receivers)
    return set(paused.values_list("receiver", flat=True))
