"""What a sender does to the rows, in two calls: it claims a part, and it gives the part back with outcomes."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from deliveries.confirmation import confirm
from deliveries.counters import counter_of, move_counts
from deliveries.lifecycle import start_due_deliveries
from deliveries.models import Broadlog, Delivery, DeliveryPart, MessageStatus, PartState
from deliveries.models.broadlog import MESSAGE_MOVES
from installation.models import Process
from installation.processes import register_process
from operations.models import Operation
from tests.deliveries.factories import analyse, make_delivery
from tests.factories import make_recipients


def make_ready(now: datetime, *, people: int = 3, **values: Any) -> Delivery:
    """A one-off delivery, prepared, to so many new people if there is nobody yet."""
    from recipients.models import Recipient

    if not Recipient.objects.exists():
        make_recipients(people)
    delivery = make_delivery(now, **values)
    analyse(delivery, now=now)
    return delivery


def make_confirmed(now: datetime, *, operation: Operation | None = None, **values: Any) -> Delivery:
    """Start pending."""
    delivery = make_ready(now, **values)
    if operation is not None:
        Delivery.objects.filter(pk=delivery.pk).update(operation=operation)
        delivery.refresh_from_db()
    return confirm(delivery=delivery, now=now)


def make_started(now: datetime, **values: Any) -> Delivery:
    delivery = make_confirmed(now, **values)
    start_due_deliveries(now)
    delivery.refresh_from_db()
    return delivery


def claim(delivery: Delivery, now: datetime) -> DeliveryPart:
    part = DeliveryPart.objects.filter(delivery=delivery, state=PartState.DUE).order_by("pk")[0]
    part.state, part.claim_token, part.lease_until = PartState.CLAIMED, uuid.uuid4(), now + timedelta(minutes=5)
    part.save()
    return part


def give_back(part: DeliveryPart, *, due_at: datetime | None = None) -> None:
    """Done, or due again for the rows that are left."""
    part.state = PartState.DONE if due_at is None else PartState.DUE
    part.due_at = due_at or part.due_at
    part.claim_token = part.lease_until = None
    part.attempt += 1
    part.save()


def record(rows: Any, status: MessageStatus, now: datetime, **values: Any) -> int:
    """Outcomes of pending rows of one delivery, with their counters."""
    delivery_id = rows[0].delivery_id
    pending = Broadlog.objects.filter(pk__in=[row.pk for row in rows], status=MessageStatus.PENDING)
    moved = MESSAGE_MOVES.move_all(pending, to=status, updated_at=now, **values)
    move_counts(delivery_id, {"pending": -moved, counter_of(status): moved})
    return moved


def doubt(row: Broadlog, now: datetime) -> None:
    Broadlog.objects.filter(pk=row.pk).update(in_doubt_since=now)
    move_counts(row.delivery_id, {"pending": -1, "in_doubt": 1})


def rows_of(delivery: Delivery) -> list[Broadlog]:
    return list(Broadlog.objects.filter(delivery=delivery).order_by("pk"))


def statuses_of(delivery: Delivery) -> list[str]:
    return [MessageStatus(row.status).slug for row in rows_of(delivery)]


def state_of(delivery: Delivery) -> str:
    from deliveries.models import DeliveryState

    delivery.refresh_from_db()
    return DeliveryState(delivery.state).slug


def make_process(kind: str, now: datetime, *, name: str = "one", affinities: list[str] | None = None) -> Process:
    return register_process(kind=kind, name=name, now=now, affinities=affinities or [])
