"""Claiming one due part: nobody else holds it, and what may have changed since the analysis is looked at again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, Q, QuerySet, Subquery

from common.sql import execute, fetch_all, identifier, places, timestamp
from deliveries.channels.base import OutgoingRow
from deliveries.models import (
    Broadlog,
    Delivery,
    DeliveryKind,
    DeliveryState,
    MessageStatus,
    PartState,
    Route,
)
from deliveries.models.settings import SendingFields
from deliveries.mta.clock import database_now, monotonic
from deliveries.mta.journal import PartKey
from deliveries.mta.opt_outs import ignore, stopping
from deliveries.routes import NoRoute, default_route
from operations.workflow.added_data import data_of
from recipients.models import Recipient
from recipients.vocabulary import FailureReason

LEASE = timedelta(seconds=settings.MTA_LEASE_SECONDS)
# Given up before the database gives it away.
LEASE_MARGIN = min(30.0, settings.MTA_LEASE_SECONDS / 4)
SENDING = (DeliveryState.IN_PROGRESS, DeliveryState.RETRY_PENDING)
RECIPIENT_FIELDS = frozenset(field.attname for field in Recipient._meta.concrete_fields if not field.generated)

# The route's number and the name of the affinity, "" for none.
LaneKey = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Reads:
    """What rendering reads of each recipient; `added`: also what the workflow added to the person."""

    fields: frozenset[str] = RECIPIENT_FIELDS
    added: bool = True


EVERYTHING = Reads()


@dataclass(slots=True)
class Claim:
    key: PartKey
    delivery_id: int
    version_id: int
    lane: LaneKey
    attempt: int
    lease_ends: float
    # A sender died with it: nothing else is claimed beside it.
    suspect: bool = False
    rows: list[OutgoingRow] = field(default_factory=list)
    # Attempts made before, of the rows that had any.
    attempts: dict[int, int] = field(default_factory=dict)


def lease_end() -> float:
    """On the holder's own clock, taken before the database is asked to grant the lease."""
    return monotonic() + LEASE.total_seconds() - LEASE_MARGIN


def claim_part(
    *,
    uid: str,
    affinities: Collection[str],
    busy: Collection[LaneKey] = (),
    oldest_first: bool = False,
    reads: Callable[[int, int], Reads] = lambda _delivery, _version: EVERYTHING,
    suspects: bool = True,
) -> Claim | None:
    """Claim the due part of highest rank that this process may send now, with its rows; None if there is none.

    Of one rank the part that has been due for longest; with `oldest_first` that of all ranks, so that none starves.
    `reads` tells by delivery and content version what is read of the recipients. `suspects`: whether a part may be
    claimed with which a sender died.
    """
    now = database_now()
    for served in _served_deliveries(affinities, busy, now, one_rank=oldest_first):
        due = _due_parts(served, now, suspects=suspects)
        # Asked outside of a transaction: looking for work locks nothing.
        if served and fetch_all(f"SELECT 1 {due.source} LIMIT 1", due.parameters):
            claim = _claim_first(due, served, uid, reads, now)
            if claim is not None:
                return claim
    return None


class _Due(NamedTuple):
    """The parts that may be claimed, as the source of a SELECT."""

    source: str
    parameters: list[Any]


_DUE = """
FROM deliveries_deliverypart AS part
    JOIN deliveries_delivery AS delivery ON delivery.id = part.delivery_id
    JOIN deliveries_preparation AS preparation ON preparation.id = part.preparation_id
    LEFT JOIN operations_population AS population ON population.id = preparation.population_id
WHERE part.state = {due} AND part.due_at <= %s AND part.crashes <= %s AND part.delivery_id IN ({numbers})
    AND delivery.state IN ({sending}) AND NOT delivery.stop_requested
    AND (delivery.valid_until IS NULL OR delivery.valid_until > %s)
"""
_NEVER_SO_MANY = 32_767


def _due_parts(deliveries: Collection[int], now: datetime, *, suspects: bool) -> _Due:
    sending = ", ".join(str(int(state)) for state in SENDING)
    source = _DUE.format(due=int(PartState.DUE), numbers=places(deliveries), sending=sending)
    at = timestamp(now)
    return _Due(source, [at, _NEVER_SO_MANY if suspects else 0, *deliveries, at])


def _served_deliveries(
    affinities: Collection[str], busy: Collection[LaneKey], now: datetime, *, one_rank: bool
) -> Iterator[dict[int, LaneKey]]:
    """Delivery → lane of what is at work and may be sent here, rank by rank."""
    served_here = Q(affinity__isnull=True) | Q(affinity__name__in=affinities)
    names = ("pk", "priority", "kind", "channel", "route_id", "affinity__name")
    at_work = [_AtWork(*row) for row in Delivery.objects.filter(served_here, state__in=SENDING).values_list(*names)]
    at_work.sort(key=attrgetter("rank", "pk"))
    routes: dict[tuple[str, int | None], Route | None] = {}
    for _rank, deliveries in groupby(at_work, key=lambda each: 0 if one_rank else each.rank):
        lanes = {each.pk: (_open_route(each, routes, now), each.affinity or "") for each in deliveries}
        yield {number: lane for number, lane in lanes.items() if lane[0] and lane not in busy}


class _AtWork(NamedTuple):
    pk: int
    priority: int
    kind: str
    channel: str
    route_id: int | None
    affinity: str | None

    @property
    def rank(self) -> int:
        """The lowest goes first: transactional messages, proofs, then by priority."""
        if self.kind == DeliveryKind.PROOF and self.priority < SendingFields.Priority.TRANSACTIONAL:
            return 1 - SendingFields.Priority.TRANSACTIONAL
        return -self.priority


def _open_route(delivery: _AtWork, routes: dict[tuple[str, int | None], Route | None], now: datetime) -> int:
    key = (delivery.channel, delivery.route_id)
    if key not in routes:
        routes[key] = _resolve(delivery)
    route = routes[key]
    return route.pk if route is not None and not is_paused(route, now) else 0


def _resolve(delivery: _AtWork) -> Route | None:
    if delivery.route_id is not None:
        return Route.objects.filter(pk=delivery.route_id).first()
    # A channel without a route is the diagnosis's to tell; the other deliveries go on.
    try:
        return default_route(delivery.channel)
    except NoRoute:
        return None


def is_paused(route: Route, now: datetime) -> bool:
    return route.paused and (route.paused_until is None or route.paused_until > now)


_FIRST = """
SELECT part.id, part.delivery_id, part.attempt, part.crashes, part.first_id, part.last_id,
    delivery.channel, delivery.kind, delivery.service_id, preparation.content_version_id, population.data_source_id
{source} ORDER BY part.crashes, part.due_at, part.id LIMIT 1
"""
_TAKE = """
UPDATE deliveries_deliverypart
SET state = %s, claim_token = %s, claimed_by = %s, lease_until = %s, throttled_by = '', throttle_reason = ''
WHERE id = %s AND state = %s
"""


class _Part(NamedTuple):
    pk: int
    delivery_id: int
    attempt: int
    crashes: int
    first_id: int
    last_id: int
    channel: str
    kind: str
    service_id: int | None
    version_id: int
    # The population that holds what the workflow added to the people of a part.
    added_data: int | None


@transaction.atomic
def _claim_first(
    due: _Due, served: dict[int, LaneKey], uid: str, reads: Callable[[int, int], Reads], now: datetime
) -> Claim | None:
    lease_ends, token = lease_end(), uuid.uuid4()
    lock = " FOR UPDATE OF part SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    found = fetch_all(_FIRST.format(source=due.source) + lock, due.parameters)
    if not found:
        return None
    part = _Part(*found[0])
    lease = [identifier(token), uid, timestamp(now + LEASE)]
    execute(_TAKE, [int(PartState.CLAIMED), *lease, part.pk, int(PartState.DUE)])
    claim = Claim(
        key=PartKey(part.pk, token),
        delivery_id=part.delivery_id,
        version_id=part.version_id,
        lane=served[part.delivery_id],
        attempt=part.attempt,
        lease_ends=lease_ends,
        suspect=part.crashes > 0,
    )
    _read_rows(claim, part, reads(claim.delivery_id, claim.version_id), now)
    return claim


def open_rows(delivery_id: int, first_id: int, last_id: int) -> QuerySet[Broadlog]:
    """The rows of a part that wait to be sent."""
    # No bare column: with the statistics of before the analysis PostgreSQL would read the index entries of the whole
    # delivery beside those of the part.
    return Broadlog.objects.alias(of_delivery=F("delivery_id") + 0).filter(
        pk__range=(first_id, last_id),
        of_delivery=delivery_id,
        status=MessageStatus.PENDING,
        in_doubt_since__isnull=True,
    )


def _may_send(delivery_id: int, now: datetime) -> Exists:
    valid = Q(valid_until__isnull=True) | Q(valid_until__gt=now)
    return Exists(Delivery.objects.filter(valid, pk=delivery_id, state__in=SENDING, stop_requested=False))


# Of a row: what stands before the fields that rendering reads.
_FIRST_FIELD = 5


def _read_rows(claim: Claim, part: _Part, reads: Reads, now: datetime) -> None:
    """One statement reads the rows and looks again at the delivery, its validity, the denylists and the quarantine."""
    stops = stopping(part.channel, part.service_id)
    added = [] if part.added_data is None or not reads.added else [Subquery(data_of(part.added_data, "recipient_id"))]
    names = sorted(reads.fields)
    rows = (
        open_rows(claim.delivery_id, part.first_id, part.last_id)
        .filter(_may_send(claim.delivery_id, now))
        .order_by("pk")
        .values_list(
            "pk",
            "address",
            "attempts",
            stops.quarantined,
            stops.denied,
            *(f"recipient__{name}" for name in names),
            *added,
        )
    )
    suppressed: dict[FailureReason, list[int]] = {FailureReason.DENYLISTED: [], FailureReason.QUARANTINED: []}
    # A proof goes to people of the house, who keep it as the analysis kept them.
    is_proof = part.kind == DeliveryKind.PROOF
    end = _FIRST_FIELD + len(names)
    for row in rows:
        number, address, attempts, quarantined, denied = row[:_FIRST_FIELD]
        if (denied or quarantined) and not is_proof:
            suppressed[FailureReason.DENYLISTED if denied else FailureReason.QUARANTINED].append(number)
            continue
        recipient = dict(zip(names, row[_FIRST_FIELD:end], strict=True))
        claim.rows.append(OutgoingRow(number, address, recipient, row[end] if added else None))
        if attempts:
            claim.attempts[number] = attempts
    ignore(claim.delivery_id, suppressed, now)
