"""Outcomes reach the database: one transaction per batch, guarded by the claim, counters and quarantine with the rows.

Locks are taken in one order everywhere: part, rows, delivery.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from deliveries.counters import counter_of, move_counts
from deliveries.models import Broadlog, DeliveryPart, DeliveryState, MessageStatus, PartState
from deliveries.models.broadlog import MESSAGE_MOVES
from deliveries.models.part import PART_MOVES
from deliveries.models.settings import SendingFields
from deliveries.mta.claims import LEASE, open_rows
from deliveries.mta.clock import database_now
from deliveries.mta.fates import STATUS_OF, Fate, Outcome
from deliveries.mta.journal import PartKey
from deliveries.mta.retries import next_attempt_at
from recipients.quarantine import HardFailure, quarantine_addresses
from recipients.vocabulary import FailureReason, FailureType

# What says that the address itself is dead. A refused message or sender is nobody's address.
DEAD_ADDRESS = {
    FailureReason.USER_UNKNOWN,
    FailureReason.INVALID_DOMAIN,
    FailureReason.ACCOUNT_DISABLED,
    FailureReason.UNREACHABLE,
}
# (status, in doubt) → number of rows
Moved = Counter[tuple[int, bool]]


class LeaseLost(Exception):
    """The part is no longer ours: somebody else decided about it, and nothing was written."""


@dataclass(frozen=True, slots=True)
class _Part:
    key: PartKey
    delivery_id: int
    delivery_label: str
    channel: str
    first_id: int
    last_id: int
    attempt: int
    resends: bool
    stopping: bool


@transaction.atomic
def write_outcomes(key: PartKey, outcomes: Sequence[Outcome]) -> None:
    """Apply the outcomes and renew the lease. Raises LeaseLost."""
    part = _lock(key)
    now = database_now()
    _apply(part, outcomes, now)
    DeliveryPart.objects.filter(pk=key.part_id).update(lease_until=now + LEASE)


@transaction.atomic
def close_part(key: PartKey, outcomes: Sequence[Outcome], *, fates: Mapping[Fate, int]) -> None:
    """Apply the last outcomes and give the part back: done, or due again. Raises LeaseLost.

    `fates`: how many of its rows met which fate under this claim, the last outcomes included.
    """
    part = _lock(key)
    now = database_now()
    _apply(part, outcomes, now)
    again = fates.get(Fate.RETRY, 0) + (fates.get(Fate.IN_DOUBT, 0) if part.resends else 0)
    _give_back(part, again, now)


def renew_leases(keys: Sequence[PartKey]) -> set[PartKey]:
    """Renew what is still ours, and answer which that is."""
    until = database_now() + LEASE
    held = DeliveryPart.objects.filter(state=PartState.CLAIMED)
    return {key for key in keys if held.filter(pk=key.part_id, claim_token=key.token).update(lease_until=until)}


def _lock(key: PartKey) -> _Part:
    row = (
        DeliveryPart.objects.select_for_update(of=("self",))
        .select_related("delivery")
        .only(
            "first_id",
            "last_id",
            "attempt",
            "delivery__label",
            "delivery__channel",
            "delivery__state",
            "delivery__stop_requested",
            "delivery__in_doubt_policy",
        )
        .filter(pk=key.part_id, claim_token=key.token, state=PartState.CLAIMED)
        .first()
    )
    if row is None:
        raise LeaseLost(f"part {key.part_id} is no longer held under {key.token}")
    delivery = row.delivery
    return _Part(
        key=key,
        delivery_id=delivery.pk,
        delivery_label=delivery.label,
        channel=delivery.channel,
        first_id=row.first_id,
        last_id=row.last_id,
        attempt=row.attempt,
        resends=delivery.in_doubt_policy == SendingFields.InDoubtPolicy.RESEND,
        stopping=delivery.stop_requested or delivery.state in (DeliveryState.STOPPED, DeliveryState.FAILED),
    )


def _apply(part: _Part, outcomes: Sequence[Outcome], now: datetime) -> None:
    if not outcomes:
        return
    moved = _write_rows(part, outcomes, now)
    deltas: Counter[str] = Counter()
    for (status, doubtful), number in moved.items():
        deltas["pending"] -= number
        deltas[counter_of(status, in_doubt=doubtful)] += number
    _quarantine(part, outcomes, now)
    move_counts(part.delivery_id, deltas)


def _write_rows(part: _Part, outcomes: Sequence[Outcome], now: datetime) -> Moved:
    if connection.vendor == "postgresql":
        return _write_in_one_statement(part, outcomes, now)
    return _write_in_groups(part, outcomes, now)


def _doubtful(part: _Part, outcome: Outcome) -> bool:
    return outcome.fate is Fate.IN_DOUBT and not part.resends


_ONE_STATEMENT = """
WITH outcome AS (
    SELECT * FROM unnest(%s::bigint[], %s::smallint[], %s::boolean[], %s::smallint[], %s::smallint[], %s::smallint[],
                         %s::text[])
        AS o(id, status, doubtful, attempts, failure_type, failure_reason, detail)
), changed AS (
    UPDATE deliveries_broadlog AS b
    SET status = o.status, in_doubt_since = CASE WHEN o.doubtful THEN %s ELSE NULL END, attempts = o.attempts,
        failure_type = o.failure_type, failure_reason = o.failure_reason, failure_detail = o.detail, updated_at = %s
    FROM outcome AS o
    WHERE b.id = o.id AND b.delivery_id = %s AND b.status = %s AND b.in_doubt_since IS NULL
    RETURNING o.status, o.doubtful
)
SELECT status, doubtful, count(*) FROM changed GROUP BY status, doubtful
"""


def _write_in_one_statement(part: _Part, outcomes: Sequence[Outcome], now: datetime) -> Moved:
    columns: list[list[Any]] = [
        [outcome.broadlog_id for outcome in outcomes],
        [int(STATUS_OF[outcome.fate]) for outcome in outcomes],
        [_doubtful(part, outcome) for outcome in outcomes],
        [outcome.attempts for outcome in outcomes],
        [outcome.failure_type for outcome in outcomes],
        [outcome.failure_reason for outcome in outcomes],
        [_storable(outcome.detail) for outcome in outcomes],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_ONE_STATEMENT, [*columns, now, now, part.delivery_id, int(MessageStatus.PENDING)])
        return _left_pending(Counter({(status, doubtful): number for status, doubtful, number in cursor.fetchall()}))


_ONE_ROW = """
UPDATE deliveries_broadlog
SET status = %s, in_doubt_since = %s, attempts = %s, failure_type = %s, failure_reason = %s, failure_detail = %s,
    updated_at = %s
WHERE id = %s AND delivery_id = %s AND status = %s AND in_doubt_since IS NULL
"""


def _write_in_groups(part: _Part, outcomes: Sequence[Outcome], now: datetime) -> Moved:
    stamp = connection.ops.adapt_datetimefield_value(now)
    groups: dict[tuple[int, bool], list[list[Any]]] = {}
    for outcome in outcomes:
        status, doubtful = int(STATUS_OF[outcome.fate]), _doubtful(part, outcome)
        groups.setdefault((status, doubtful), []).append(
            [
                status,
                stamp if doubtful else None,
                outcome.attempts,
                outcome.failure_type,
                outcome.failure_reason,
                outcome.detail,
                stamp,
                outcome.broadlog_id,
                part.delivery_id,
                int(MessageStatus.PENDING),
            ]
        )
    moved: Moved = Counter()
    with connection.cursor() as cursor:
        for group, rows in groups.items():
            cursor.executemany(_ONE_ROW, rows)
            moved[group] = cursor.rowcount
    return _left_pending(moved)


def _left_pending(moved: Moved) -> Moved:
    del moved[(int(MessageStatus.PENDING), False)]
    return moved


def _storable(detail: str) -> str:
    # PostgreSQL keeps no NUL in a text.
    return detail.replace("\x00", "�")


def _quarantine(part: _Part, outcomes: Sequence[Outcome], now: datetime) -> None:
    dead = {outcome.broadlog_id: outcome for outcome in outcomes if _says_address_is_dead(outcome)}
    if not dead:
        return
    addresses = Broadlog.objects.filter(pk__in=dead, status=MessageStatus.FAILED).values_list("pk", "address")
    failures = [
        HardFailure(
            channel=part.channel,
            address=address,
            reason=FailureReason(dead[number].failure_reason or 0),
            text=dead[number].detail,
            delivery_id=part.delivery_id,
            delivery_label=part.delivery_label,
        )
        for number, address in addresses
    ]
    quarantine_addresses(failures=failures, now=now)


def _says_address_is_dead(outcome: Outcome) -> bool:
    return (
        outcome.fate is Fate.FAILED
        and outcome.failure_type == FailureType.HARD
        and outcome.failure_reason in DEAD_ADDRESS
    )


def _give_back(part: _Part, tried: int, now: datetime) -> None:
    rows = open_rows(part.delivery_id, part.first_id, part.last_id)
    if part.stopping:
        cancelled = MESSAGE_MOVES.move_all(rows, to=MessageStatus.CANCELLED, updated_at=now)
        move_counts(part.delivery_id, {"pending": -cancelled, "cancelled": cancelled})
    remaining = rows.count()
    released = {"claim_token": None, "claimed_by": "", "lease_until": None}
    held = DeliveryPart.objects.filter(pk=part.key.part_id)
    if not remaining:
        PART_MOVES.move_all(held, to=PartState.DONE, **released)
    elif tried >= remaining:
        due_at = next_attempt_at(part.attempt, now=now)
        PART_MOVES.move_all(held, to=PartState.DUE, due_at=due_at, attempt=part.attempt + 1, **released)
    else:
        # Some were never tried: they don't wait for those that were.
        PART_MOVES.move_all(held, to=PartState.DUE, due_at=now, **released)
