"""What becomes of the rows that nobody will send: cancelled by a stop, cancelled or failed at the end of validity.

Only rows of unclaimed parts are touched; a claimed part is finished by its holder. Each call is one transaction, can be
repeated, and moves the counters with the rows. Locks are taken in the order that senders use: parts, rows, delivery.
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from deliveries.counters import move_counts
from deliveries.models import Broadlog, DeliveryPart, MessageStatus, PartState
from deliveries.models.broadlog import MESSAGE_MOVES
from deliveries.models.part import PART_MOVES
from recipients.vocabulary import FailureReason, FailureType

# More rows than this are cancelled by a worker, in steps of so many parts: each takes less than a second.
AT_ONCE = 10_000
PARTS_AT_ONCE = 10


def cancel_in_steps(delivery_id: int, *, now: datetime) -> int:
    """Close and cancel some unclaimed parts per transaction: the counters show how far it is.

    Two workers share the parts. What is in no open part is left to `cancel_unclaimed`. Return how many rows.
    """
    total = 0
    while (cancelled := _cancel_some_parts(delivery_id, now)) is not None:
        total += cancelled
    return total


@transaction.atomic
def _cancel_some_parts(delivery_id: int, now: datetime) -> int | None:
    waiting = DeliveryPart.objects.filter(delivery=delivery_id, state__in=[PartState.HELD, PartState.DUE])
    parts = list(waiting.order_by("pk").select_for_update(skip_locked=True)[:PARTS_AT_ONCE])
    if not parts:
        return None
    ranges = [Q(pk__range=(part.first_id, part.last_id)) for part in parts]
    cancelled = _cancel(unclaimed_rows(delivery_id).filter(reduce(or_, ranges)), now)
    PART_MOVES.move_all(DeliveryPart.objects.filter(pk__in=[part.pk for part in parts]), to=PartState.DONE)
    move_counts(delivery_id, {"pending": -cancelled, "cancelled": cancelled})
    return cancelled


@transaction.atomic
def cancel_unclaimed(delivery_id: int, *, now: datetime) -> int:
    """Close the unclaimed parts and cancel their rows; return how many rows were cancelled."""
    _close_parts(delivery_id, [PartState.HELD, PartState.DUE])
    cancelled = _cancel(unclaimed_rows(delivery_id), now)
    move_counts(delivery_id, {"pending": -cancelled, "cancelled": cancelled})
    return cancelled


@transaction.atomic
def expire_unclaimed(delivery_id: int, *, now: datetime) -> int:
    """End the rows whose validity is over: failed if they were tried, else cancelled. Return how many ended."""
    _close_parts(delivery_id, [PartState.DUE])
    rows = unclaimed_rows(delivery_id, spared=[PartState.HELD, PartState.CLAIMED])
    failed = MESSAGE_MOVES.move_all(
        rows.filter(attempts__gt=0),
        to=MessageStatus.FAILED,
        failure_type=Coalesce(F("failure_type"), int(FailureType.SOFT)),
        failure_reason=Coalesce(F("failure_reason"), int(FailureReason.UNREACHABLE)),
        updated_at=now,
    )
    cancelled = _cancel(rows.filter(attempts=0), now)
    move_counts(delivery_id, {"pending": -failed - cancelled, "failed": failed, "cancelled": cancelled})
    return failed + cancelled


def unclaimed_rows(delivery_id: int, spared: list[PartState] | None = None) -> QuerySet[Broadlog]:
    """The rows that wait and that no sender holds; rows in doubt are left to their settlement."""
    spared_parts = DeliveryPart.objects.filter(
        delivery=delivery_id,
        state__in=spared or [PartState.CLAIMED],
        first_id__lte=OuterRef("pk"),
        last_id__gte=OuterRef("pk"),
    )
    return Broadlog.objects.filter(
        ~Exists(spared_parts), delivery=delivery_id, status=MessageStatus.PENDING, in_doubt_since__isnull=True
    )


def _close_parts(delivery_id: int, states: list[PartState]) -> None:
    parts = DeliveryPart.objects.filter(delivery=delivery_id)
    # Every open part is locked first: none can be claimed or given back between the two statements.
    list(parts.filter(state__lt=PartState.DONE).order_by("pk").select_for_update().values_list("pk"))
    PART_MOVES.move_all(parts.filter(state__in=states), to=PartState.DONE)


def _cancel(rows: QuerySet[Broadlog], now: datetime) -> int:
    return MESSAGE_MOVES.move_all(rows, to=MessageStatus.CANCELLED, updated_at=now)
