"""What happens to a delivery by itself: it starts when its turn comes, waits, pauses, stops, expires and finishes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from common.sql import exclusive
from deliveries.cancellation import AT_ONCE, cancel_in_steps, cancel_unclaimed, expire_unclaimed, unclaimed_rows
from deliveries.models import Delivery, DeliveryKind, DeliveryPart, DeliveryState, PartState
from deliveries.models.delivery import SENDING_STATES
from deliveries.mta.doorbell import ring
from installation.options import get_option
from operations.models import TaskState
from operations.workflow import engine
from operations.workflow.pump import pickers

logger = logging.getLogger("diffusion.deliveries")
_AT_WORK = [DeliveryState.IN_PROGRESS, DeliveryState.RETRY_PENDING]


@dataclass(frozen=True)
class OpenParts:
    """How many parts of a delivery are in which situation at one instant."""

    held: int
    held_rows: int
    claimed: int
    due: int
    later: int
    next_due_at: datetime | None

    @property
    def none_to_send(self) -> bool:
        return not (self.claimed or self.due or self.later)


@pickers.register("start deliveries")
def start_due_deliveries(now: datetime) -> int:
    """Start the confirmed deliveries whose contact date has come, as far as the concurrency limit allows."""
    if not startable(now).exists():
        return 0
    with exclusive("operation-concurrency"):
        at_work = operations_at_work()
        limit = get_option("OPERATION_CONCURRENCY_LIMIT")
        started = sum(_start_in_turn(delivery, at_work, limit, now) for delivery in startable(now))
        if started:
            ring()
    return started


def startable(now: datetime) -> QuerySet[Delivery]:
    """Start pending and due, in the order in which they may start."""
    due = Q(contact_date__isnull=True) | Q(contact_date__lte=now)
    waiting = Delivery.objects.filter(due, state=DeliveryState.START_PENDING, stop_requested=False)
    return waiting.order_by("-priority", "confirmed_at", "pk")


def operations_at_work() -> set[int]:
    """The operations that the concurrency limit counts: those with a delivery in 55, 61 or 71, proofs aside."""
    at_work = Delivery.objects.filter(state__in=SENDING_STATES, operation__isnull=False)
    return set(at_work.exclude(kind=DeliveryKind.PROOF).values_list("operation_id", flat=True))


def waits_its_turn(delivery: Delivery) -> bool:
    """Proofs and deliveries without an operation never wait and never count."""
    return delivery.kind != DeliveryKind.PROOF and delivery.operation_id is not None


def _start_in_turn(delivery: Delivery, at_work: set[int], limit: int, now: datetime) -> int:
    operation_id = delivery.operation_id
    if operation_id is None or not waits_its_turn(delivery):
        return _start(delivery, now)
    if operation_id not in at_work and len(at_work) >= limit:
        return 0
    started = _start(delivery, now)
    if started:
        at_work.add(operation_id)
    return started


def _start(delivery: Delivery, now: datetime) -> int:
    waiting = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.START_PENDING, stop_requested=False)
    return delivery.moves.move_all(
        waiting,
        to=DeliveryState.IN_PROGRESS,
        started_at=Coalesce("started_at", now),
        # The confirmation set it; one that was paused and resumed keeps the end it had.
        valid_until=Coalesce("valid_until", now + timedelta(days=delivery.validity_days)),
        ended_at=None,
    )


@pickers.register("settle deliveries")
def settle_due(now: datetime) -> int:
    """Settle every delivery at work; return how many changed. One that can't be settled does not stop the others."""
    at_work = Q(state__in=SENDING_STATES) | Q(stop_requested=True)
    numbers = Delivery.objects.filter(at_work).order_by("pk")
    return sum(_settle_one(number, now) for number in numbers.values_list("pk", flat=True))


def _settle_one(delivery_id: int, now: datetime) -> int:
    try:
        return int(settle_delivery(delivery_id, now=now))
    except Exception:
        logger.exception("delivery %s could not be settled", delivery_id)
        return 0


def settle_delivery(delivery_id: int, *, now: datetime) -> bool:
    """Bring the delivery to the state that its parts and rows say it is in; True if it changed. Repeatable."""
    delivery = Delivery.objects.filter(pk=delivery_id).first()
    if delivery is None:
        return False
    if delivery.stop_requested:
        in_steps = cancel_in_steps(delivery_id, now=now) if delivery.pending > AT_ONCE else 0
        return bool(in_steps + cancel_unclaimed(delivery_id, now=now)) | _finish_stop(delivery, now)
    expired = _expire(delivery, now)
    return _settle_state(delivery_id, now) or expired


def _expire(delivery: Delivery, now: datetime) -> bool:
    over = delivery.valid_until is not None and delivery.valid_until <= now
    if not over or delivery.state not in _AT_WORK:
        return False
    return bool(expire_unclaimed(delivery.pk, now=now))


@transaction.atomic
def _finish_stop(delivery: Delivery, now: datetime) -> bool:
    """Stopped, once no part is claimed and no row is left to cancel."""
    locked = Delivery.objects.select_for_update().filter(pk=delivery.pk, stop_requested=True)
    if not locked.exists() or not _nothing_left(delivery.pk):
        return False
    moved = delivery.moves.move_all(locked, to=DeliveryState.STOPPED, stop_requested=False, ended_at=now)
    if moved:
        wake_waiting_tasks(delivery.pk, now=now)
    return bool(moved)


def _nothing_left(delivery_id: int) -> bool:
    open_parts = DeliveryPart.objects.filter(delivery=delivery_id, state__lt=PartState.DONE)
    return not open_parts.exists() and not unclaimed_rows(delivery_id).exists()


@transaction.atomic
def _settle_state(delivery_id: int, now: datetime) -> bool:
    # Locked: no confirmation may add parts between the look at them and the move.
    delivery = Delivery.objects.select_for_update().filter(pk=delivery_id, stop_requested=False).first()
    if delivery is None or delivery.state not in SENDING_STATES:
        return False
    target = _target_state(delivery, open_parts(delivery_id, now))
    if target is None:
        return False
    ended = {"ended_at": now} if target == DeliveryState.FINISHED else {}
    moved = bool(delivery.moves.move_all(Delivery.objects.filter(pk=delivery_id), to=target, **ended))
    if target == DeliveryState.FINISHED:
        wake_waiting_tasks(delivery_id, now=now)
    return moved


def _target_state(delivery: Delivery, parts: OpenParts) -> DeliveryState | None:
    if _is_over(delivery, parts):
        return DeliveryState.FINISHED
    if delivery.state == DeliveryState.PAUSING:
        return None if parts.claimed else DeliveryState.PAUSED
    if delivery.state == DeliveryState.RETRY_PENDING:
        return DeliveryState.IN_PROGRESS if parts.claimed or parts.due else None
    return DeliveryState.RETRY_PENDING if parts.later and not (parts.claimed or parts.due) else None


def _is_over(delivery: Delivery, parts: OpenParts) -> bool:
    """Nothing is left to send; rows in doubt, and the unconfirmed analyses of a continuous delivery, may wait."""
    if not parts.none_to_send:
        return False
    if delivery.kind == DeliveryKind.CONTINUOUS:
        return delivery.pending <= parts.held_rows
    return not parts.held and delivery.pending == 0


def open_parts(delivery_id: int, now: datetime) -> OpenParts:
    due = Q(state=PartState.DUE)
    counts = DeliveryPart.objects.filter(delivery=delivery_id, state__lt=PartState.DONE).aggregate(
        held=Count("pk", filter=Q(state=PartState.HELD)),
        held_rows=Coalesce(Sum("size", filter=Q(state=PartState.HELD)), 0),
        claimed=Count("pk", filter=Q(state=PartState.CLAIMED)),
        due=Count("pk", filter=due & Q(due_at__lte=now)),
        later=Count("pk", filter=due & Q(due_at__gt=now)),
        next_due_at=Min("due_at", filter=due),
    )
    return OpenParts(**counts)


def wake_waiting_tasks(delivery_id: int, *, now: datetime) -> None:
    """Let the activities that wait for this delivery look at it again now."""
    waiting = Delivery.objects.filter(pk=delivery_id, preparations__task__state=TaskState.RUNNING)
    for task_id in waiting.values_list("preparations__task_id", flat=True):
        engine.wake(task_id, now=now)
