"""Who gets nothing any more, although the analysis kept them: asked when a part is claimed, and while it is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import BooleanField, Exists, Expression, ExpressionWrapper, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from deliveries.channels.registry import channels
from deliveries.counters import move_counts
from deliveries.models import Broadlog, Delivery, DeliveryKind, MessageStatus
from deliveries.models.broadlog import MESSAGE_MOVES
from recipients.models import Quarantine, Subscription, SubscriptionEvent
from recipients.vocabulary import FailureReason, FailureType

STOPPING_ADDRESS = (Quarantine.Status.QUARANTINED, Quarantine.Status.DENYLISTED)


class Stopping(NamedTuple):
    """What of a broadlog says that it must not be sent, each as a yes or no of the row."""

    quarantined: Exists
    denied: Expression


def stopping(channel: str, service_id: int | None) -> Stopping:
    """The quarantine of the address; the person's denylists, and their leaving the service since the analysis."""
    addresses = Quarantine.objects.filter(
        channel=channel, address=Lower(OuterRef("address")), status__in=STOPPING_ADDRESS
    )
    denied = Q(recipient__denylist_all=True) | Q((f"recipient__{channels.get(channel).denylist_field}", True))
    if service_id is not None:
        person = {"service": service_id, "recipient": OuterRef("recipient")}
        left = SubscriptionEvent.objects.filter(
            **person, action=SubscriptionEvent.Action.UNSUBSCRIBE, at__gte=OuterRef("preparation__requested_at")
        )
        denied |= Q(Exists(left)) & ~Q(Exists(Subscription.objects.filter(**person)))
    return Stopping(Exists(addresses), ExpressionWrapper(denied, output_field=BooleanField()))


def stopped_among(rows: QuerySet[Broadlog], delivery_id: int) -> dict[int, FailureReason]:
    """Those of the delivery's rows that a claim would not take now."""
    channel, kind, service_id = Delivery.objects.values_list("channel", "kind", "service").get(pk=delivery_id)
    # A proof goes to people of the house, who keep it as the analysis kept them.
    if kind == DeliveryKind.PROOF:
        return {}
    stops = stopping(channel, service_id)
    told = rows.annotate(quarantined=stops.quarantined, denied=stops.denied)
    found = told.filter(Q(quarantined=True) | Q(denied=True)).values_list("pk", "denied")
    return {number: FailureReason.DENYLISTED if denied else FailureReason.QUARANTINED for number, denied in found}


def ignore(delivery_id: int, stopped: Mapping[FailureReason, Sequence[int]], now: datetime) -> None:
    """Those who opted out or bounced since the analysis get nothing; the account says why."""
    moved = sum(
        MESSAGE_MOVES.move_all(
            Broadlog.objects.filter(pk__in=numbers),
            to=MessageStatus.IGNORED,
            failure_type=FailureType.IGNORED,
            failure_reason=reason,
            updated_at=now,
        )
        for reason, numbers in stopped.items()
        if numbers
    )
    move_counts(delivery_id, {"pending": -moved, "ignored": moved})
