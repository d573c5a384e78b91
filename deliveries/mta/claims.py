"""Claiming one due part: nobody else holds it, and what may have changed since the analysis is looked at again."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from deliveries.channels.base import OutgoingRow
from deliveries.channels.registry import channels
from deliveries.counters import move_counts
from deliveries.models import (
    Broadlog,
    Delivery,
    DeliveryKind,
    DeliveryPart,
    DeliveryState,
    MessageStatus,
    PartState,
    Route,
)
from deliveries.models.broadlog import MESSAGE_MOVES
from deliveries.models.part import PART_MOVES
from deliveries.mta.clock import database_now, monotonic
from deliveries.mta.journal import PartKey
from deliveries.routes import NoRoute, resolve_route
from recipients.models import Quarantine, Recipient
from recipients.vocabulary import FailureReason, FailureType

LEASE = timedelta(minutes=15)
# Given up before the database gives it away.
LEASE_MARGIN = 30.0
SENDING = (DeliveryState.IN_PROGRESS, DeliveryState.RETRY_PENDING)
STOPPING_ADDRESS = (Quarantine.Status.QUARANTINED, Quarantine.Status.DENYLISTED)
RECIPIENT_FIELDS = tuple(field.attname for field in Recipient._meta.concrete_fields)


@dataclass(slots=True)
class Claim:
    key: PartKey
    delivery_id: int
    version_id: int
    route_id: int
    attempt: int
    lease_ends: float
    rows: list[OutgoingRow] = field(default_factory=list)
    # Attempts made before, of the rows that had any.
    attempts: dict[int, int] = field(default_factory=dict)


def lease_end() -> float:
    """On the holder's own clock, taken before the database is asked to grant the lease."""
    return monotonic() + LEASE.total_seconds() - LEASE_MARGIN


def claim_part(*, uid: str, affinities: Collection[str], busy_routes: Collection[int] = ()) -> Claim | None:
    """Claim the due part of highest priority that this process may send now, with its rows; None if there is none."""
    now = database_now()
    for served in _served_deliveries(affinities, busy_routes, now):
        due = due_parts(served, now)
        if due.exists():
            claim = _claim_first(due, served, uid)
            if claim is not None:
                return claim
    return None


def due_parts(deliveries: Collection[int], now: datetime) -> QuerySet[DeliveryPart]:
    return DeliveryPart.objects.filter(
        Q(delivery__valid_until__isnull=True) | Q(delivery__valid_until__gt=now),
        state=PartState.DUE,
        due_at__lte=now,
        delivery__in=deliveries,
        delivery__state__in=SENDING,
        delivery__stop_requested=False,
    )


def _served_deliveries(
    affinities: Collection[str], busy_routes: Collection[int], now: datetime
) -> Iterator[dict[int, int]]:
    """Delivery → route of what is at work and may be sent here, the highest priority first."""
    at_work = (
        Delivery.objects.filter(Q(affinity__isnull=True) | Q(affinity__name__in=affinities), state__in=SENDING)
        .only("priority", "channel", "route_id")
        .order_by("-priority", "pk")
    )
    routes: dict[tuple[str, int | None], Route | None] = {}
    for _priority, deliveries in groupby(at_work, key=lambda delivery: delivery.priority):
        served = {delivery.pk: _open_route(delivery, routes, now) for delivery in deliveries}
        yield {number: route for number, route in served.items() if route and route not in busy_routes}


def _open_route(delivery: Delivery, routes: dict[tuple[str, int | None], Route | None], now: datetime) -> int:
    key = (delivery.channel, delivery.route_id)
    if key not in routes:
        routes[key] = _resolve(delivery)
    route = routes[key]
    return route.pk if route is not None and not is_paused(route, now) else 0


def _resolve(delivery: Delivery) -> Route | None:
    # A channel without a route is the diagnosis's to tell; the other deliveries go on.
    try:
        return resolve_route(delivery)
    except NoRoute:
        return None


def is_paused(route: Route, now: datetime) -> bool:
    return route.paused and (route.paused_until is None or route.paused_until > now)


@transaction.atomic
def _claim_first(due: QuerySet[DeliveryPart], served: dict[int, int], uid: str) -> Claim | None:
    lease_ends, now, token = lease_end(), database_now(), uuid.uuid4()
    part = (
        due.select_for_update(of=("self",), skip_locked=True)
        .order_by("due_at")
        .values("pk", "delivery_id", "attempt", "first_id", "last_id", "preparation__content_version_id")
        .first()
    )
    if part is None:
        return None
    PART_MOVES.move_all(
        DeliveryPart.objects.filter(pk=part["pk"]),
        to=PartState.CLAIMED,
        claim_token=token,
        claimed_by=uid,
        lease_until=now + LEASE,
    )
    claim = Claim(
        key=PartKey(part["pk"], token),
        delivery_id=part["delivery_id"],
        version_id=part["preparation__content_version_id"],
        route_id=served[part["delivery_id"]],
        attempt=part["attempt"],
        lease_ends=lease_ends,
    )
    _read_rows(claim, part["first_id"], part["last_id"], now)
    return claim


def open_rows(delivery_id: int, first_id: int, last_id: int) -> QuerySet[Broadlog]:
    """The rows of a part that wait to be sent."""
    return Broadlog.objects.filter(
        pk__range=(first_id, last_id),
        delivery=delivery_id,
        status=MessageStatus.PENDING,
        in_doubt_since__isnull=True,
    )


def _read_rows(claim: Claim, first_id: int, last_id: int, now: datetime) -> None:
    code, kind = Delivery.objects.values_list("channel", "kind").get(pk=claim.delivery_id)
    denylist_field = channels.get(code).denylist_field
    stopping = Quarantine.objects.filter(channel=code, address=Lower(OuterRef("address")), status__in=STOPPING_ADDRESS)
    rows = (
        open_rows(claim.delivery_id, first_id, last_id)
        .order_by("pk")
        .values_list(
            "pk", "address", "attempts", Exists(stopping), *(f"recipient__{name}" for name in RECIPIENT_FIELDS)
        )
    )
    suppressed: dict[FailureReason, list[int]] = {FailureReason.DENYLISTED: [], FailureReason.QUARANTINED: []}
    for number, address, attempts, quarantined, *values in rows:
        recipient = dict(zip(RECIPIENT_FIELDS, values, strict=True))
        reason = _suppression(recipient, quarantined, denylist_field)
        # A proof goes to people of the house, who keep it as the analysis kept them.
        if reason is not None and kind != DeliveryKind.PROOF:
            suppressed[reason].append(number)
            continue
        claim.rows.append(OutgoingRow(number, address, recipient))
        if attempts:
            claim.attempts[number] = attempts
    _ignore(claim.delivery_id, suppressed, now)


def _suppression(recipient: dict[str, Any], quarantined: bool, denylist_field: str) -> FailureReason | None:
    if recipient["denylist_all"] or recipient[denylist_field]:
        return FailureReason.DENYLISTED
    return FailureReason.QUARANTINED if quarantined else None


def _ignore(delivery_id: int, suppressed: dict[FailureReason, list[int]], now: datetime) -> None:
    """Those who opted out or bounced since the analysis get nothing; the account says why."""
    moved = sum(
        MESSAGE_MOVES.move_all(
            Broadlog.objects.filter(pk__in=numbers),
            to=MessageStatus.IGNORED,
            failure_type=FailureType.IGNORED,
            failure_reason=reason,
            updated_at=now,
        )
        for reason, numbers in suppressed.items()
        if numbers
    )
    move_counts(delivery_id, {"pending": -moved, "ignored": moved})
