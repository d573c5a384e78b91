"""What the diagnosis looks at, read once for all the deliveries of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.db.models import Count, Min, Q

from deliveries.diagnosis.throttles import Throttle, throttles_of
from deliveries.lifecycle import operations_at_work
from deliveries.models import Delivery, DeliveryPart, PartState, Preparation, PreparationState, Route
from installation.models import Process
from installation.options import get_option
from installation.processes import alive
from operations.models import Operation


@dataclass(frozen=True)
class PartSummary:
    """The parts of one delivery that wait for a sender or are held by one."""

    claimed: int = 0
    due: int = 0
    later: int = 0
    oldest_due_at: datetime | None = None
    next_due_at: datetime | None = None


@dataclass
class Situation:
    now: datetime
    processes: list[Process]
    concurrency_limit: int
    operations_at_work: set[int]
    parts: dict[int, PartSummary]
    routes: dict[int, Route]
    default_routes: dict[str, Route]
    # Deliveries with an analysis that waits for its confirmation.
    unconfirmed: set[int] = field(default_factory=set)
    # The receivers that a delivery waits for.
    throttles: dict[int, list[Throttle]] = field(default_factory=dict)

    def alive(self, kind: str) -> list[Process]:
        return [process for process in self.processes if process.kind == kind]

    def parts_of(self, delivery: Delivery) -> PartSummary:
        return self.parts.get(delivery.pk, PartSummary())

    def throttles_of(self, delivery: Delivery) -> list[Throttle]:
        return self.throttles.get(delivery.pk, [])

    def route_of(self, delivery: Delivery) -> Route | None:
        if delivery.route_id is not None:
            return self.routes.get(delivery.route_id)
        return self.default_routes.get(delivery.channel)

    @cached_property
    def operations_holding(self) -> list[str]:
        """The labels of the operations that the concurrency limit counts."""
        rows = Operation.objects.filter(pk__in=self.operations_at_work).order_by("label")
        return list(rows.values_list("label", flat=True))


def read_situation(deliveries: Sequence[Delivery], now: datetime) -> Situation:
    """A fixed number of queries, however many deliveries."""
    numbers = [delivery.pk for delivery in deliveries]
    routes = list(Route.objects.filter(Q(is_default=True) | Q(pk__in=[row.route_id for row in deliveries])))
    unconfirmed = Preparation.objects.filter(delivery__in=numbers, state=PreparationState.READY)
    return Situation(
        now=now,
        processes=list(alive(now)),
        concurrency_limit=get_option("OPERATION_CONCURRENCY_LIMIT"),
        operations_at_work=operations_at_work(),
        parts=_summarise_parts(numbers, now),
        routes={route.pk: route for route in routes},
        default_routes={route.channel: route for route in routes if route.is_default},
        unconfirmed=set(unconfirmed.values_list("delivery_id", flat=True)),
        throttles=throttles_of(numbers, now),
    )


def _summarise_parts(numbers: list[int], now: datetime) -> dict[int, PartSummary]:
    due = Q(state=PartState.DUE)
    rows = (
        DeliveryPart.objects.filter(delivery__in=numbers, state__lt=PartState.DONE)
        .values("delivery")
        .annotate(
            claimed=Count("pk", filter=Q(state=PartState.CLAIMED)),
            due=Count("pk", filter=due & Q(due_at__lte=now)),
            later=Count("pk", filter=due & Q(due_at__gt=now)),
            oldest_due_at=Min("due_at", filter=due & Q(due_at__lte=now)),
            next_due_at=Min("due_at", filter=due & Q(due_at__gt=now)),
        )
        .order_by()
        .values_list("delivery", "claimed", "due", "later", "oldest_due_at", "next_due_at")
    )
    return {number: PartSummary(*values) for number, *values in rows}
