"""What an operation reaches downstream: its deliveries are stopped with it, and keep it busy."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from deliveries.control import UnableToStop, stop
from deliveries.models import Delivery, DeliveryKind, DeliveryState
from deliveries.models.delivery import ANALYSIS_STATES, FINAL_STATES, SENDING_STATES
from operations.participants import participants

_BUSY_STATES = [*ANALYSIS_STATES, DeliveryState.START_PENDING, *SENDING_STATES, DeliveryState.PAUSED]


class DeliveryParticipant:
    def stop(self, operation_id: int, *, now: datetime) -> int:
        """Stop every delivery of the operation that is not over, each in its own transactions."""
        return sum(_stop(delivery, now) for delivery in _unfinished(operation_id))

    def busy(self, operation_id: int) -> int:
        return Delivery.objects.filter(operation=operation_id, state__in=_BUSY_STATES).count()


def _unfinished(operation_id: int) -> list[Delivery]:
    # A continuous delivery between two runs is not over: the next run would feed it again.
    between_runs = Q(kind=DeliveryKind.CONTINUOUS, state=DeliveryState.FINISHED)
    rows = Delivery.objects.filter(~Q(state__in=FINAL_STATES) | between_runs, operation=operation_id)
    return list(rows.filter(stop_requested=False).order_by("pk"))


def _stop(delivery: Delivery, now: datetime) -> int:
    try:
        stop(delivery, now=now)
    except UnableToStop:
        return 0  # It ended meanwhile, which is what was asked.
    return 1


participants.add("deliveries", DeliveryParticipant())
