"""How many people were reached, each counted once: by an operation, and anew by an occurrence of a series.

Counting reads the log, so it is done beside, once a minute, and kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from deliveries.models import Broadlog, Delivery, DeliveryKind, MessageStatus, OperationReach
from deliveries.models.delivery import FINAL_STATES
from operations.workflow.pump import slow_pickers

REACHED = [MessageStatus.SENT, MessageStatus.TAKEN_INTO_ACCOUNT, MessageStatus.RECEIVED_ON_MOBILE]
# Counting a large operation again is worth it no more often.
PAUSE = timedelta(minutes=10)
# Of one call: the others wait a minute.
MOST_AT_ONCE = 20


@slow_pickers.register("new people of occurrences")
def count_new_people_due(now: datetime) -> int:
    """Count for the occurrences that are over and not counted yet, the earliest first; return how many."""
    over = Delivery.objects.filter(kind=DeliveryKind.RECURRING, state__in=FINAL_STATES, new_people__isnull=True)
    due = list(over.order_by("series", "occurrence")[:MOST_AT_ONCE])
    for delivery in due:
        Delivery.objects.filter(pk=delivery.pk).update(new_people=count_new_people(delivery))
    return len(due)


def count_new_people(delivery: Delivery) -> int:
    """Those whom this occurrence reached and none before it had."""
    earlier = Broadlog.objects.filter(
        recipient=OuterRef("recipient"),
        status__in=REACHED,
        delivery__series=delivery.series_id,
        delivery__occurrence__lt=delivery.occurrence,
    )
    reached = Broadlog.objects.filter(delivery=delivery, status__in=REACHED)
    return reached.filter(~Exists(earlier)).aggregate(count=Count("recipient", distinct=True))["count"] or 0


@slow_pickers.register("reach of operations")
def count_reach_due(now: datetime) -> int:
    """Count for the operations that have sent since they were last counted; return how many."""
    due = list(_operations_to_count(now)[:MOST_AT_ONCE])
    for operation_id in due:
        count_reach(operation_id, now=now)
    return len(due)


@transaction.atomic
def count_reach(operation_id: int, *, now: datetime) -> int:
    """The people whom the operation has reached, each once; kept, and returned."""
    deliveries = Delivery.objects.filter(operation=operation_id).exclude(kind=DeliveryKind.PROOF)
    rows = Broadlog.objects.filter(delivery__in=deliveries, status__in=REACHED)
    people: int = rows.aggregate(count=Count("recipient", distinct=True))["count"]
    OperationReach.objects.update_or_create(operation_id=operation_id, defaults={"people": people, "counted_at": now})
    return people


def _operations_to_count(now: datetime) -> QuerySet[Delivery, int]:
    started = Delivery.objects.filter(operation__isnull=False, started_at__isnull=False)
    fresh = Q(operation__reach__isnull=True) | Q(last_news__gt=F("operation__reach__counted_at"))
    rested = Q(operation__reach__isnull=True) | Q(operation__reach__counted_at__lte=now - PAUSE)
    # What is still being sent changes until its end.
    return (
        started.annotate(last_news=Coalesce("ended_at", now))
        .filter(fresh & rested)
        .order_by("operation")
        .values_list("operation", flat=True)
        .distinct()
    )
