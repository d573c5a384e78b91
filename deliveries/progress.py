"""How far deliveries are: what left, what is left, how fast, and when it will end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Sum

from deliveries.models import Delivery, DeliveryMinute, DeliveryPart, PartState

# The pace is that of the last minutes that are over.
WINDOW = timedelta(minutes=5)
SUCCESS = ("sent", "taken_into_account", "received_on_mobile", "sent_to_provider")


@dataclass(frozen=True)
class Progress:
    """Numbers of messages; `per_minute` and `ends_at` are None while nothing has left lately."""

    to_send: int
    succeeded: int
    failed: int
    in_doubt: int
    waiting: int
    per_minute: float | None
    ends_at: datetime | None

    @property
    def processed(self) -> int:
        return self.to_send - self.waiting - self.in_doubt

    @property
    def share(self) -> float:
        """Processed, from 0 to 1."""
        return self.processed / self.to_send if self.to_send else 0.0


def progress_of(deliveries: Sequence[Delivery], now: datetime, *, paced: bool = True) -> dict[int, Progress]:
    """The progress of each delivery by its number: two queries for one or a hundred, none without the pace."""
    paces = _paces([delivery.pk for delivery in deliveries], now) if paced else {}
    held = _held_until([number for number, pace in paces.items() if pace], now) if paces else {}
    return {
        delivery.pk: _progress(delivery, paces.get(delivery.pk), held.get(delivery.pk, now), now)
        for delivery in deliveries
    }


def _paces(numbers: list[int], now: datetime) -> dict[int, float]:
    until = now.replace(second=0, microsecond=0)
    rows = DeliveryMinute.objects.filter(delivery_id__in=numbers, minute__gte=until - WINDOW, minute__lt=until)
    sums = rows.order_by().values_list("delivery_id").annotate(total=Sum("processed"))
    minutes = WINDOW / timedelta(minutes=1)
    return {delivery_id: total / minutes for delivery_id, total in sums}


def _held_until(numbers: list[int], now: datetime) -> dict[int, datetime]:
    """Until when the last of what waits for a receiver, or for its next attempt, is held."""
    parts = DeliveryPart.objects.filter(delivery__in=numbers, state=PartState.DUE, due_at__gt=now)
    return dict(parts.order_by().values_list("delivery_id").annotate(last=Max("due_at")))


def _progress(delivery: Delivery, pace: float | None, held_until: datetime, now: datetime) -> Progress:
    waiting = delivery.pending + delivery.prepared
    return Progress(
        to_send=delivery.targeted - delivery.ignored,
        succeeded=sum(getattr(delivery, name) for name in SUCCESS),
        failed=delivery.failed,
        in_doubt=delivery.in_doubt,
        waiting=waiting,
        per_minute=pace,
        # However fast the rest leaves, what is held leaves no sooner.
        ends_at=max(held_until, now + timedelta(minutes=waiting / pace)) if pace and waiting else None,
    )
