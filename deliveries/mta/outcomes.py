"""Outcomes reach the database: one transaction per batch, guarded by the claim, counters and quarantine with the rows.

Locks are taken in one order everywhere: part, rows, delivery.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from common.sql import execute, fetch_all, identifier, places, timestamp
from deliveries.counters import counter_of, move_counts
from deliveries.models import Broadlog, DeliveryPart, DeliveryState, MessageStatus, PartState
from deliveries.models.broadlog import MESSAGE_MOVES
from deliveries.models.part import PART_MOVES
from deliveries.models.settings import SendingFields
from deliveries.mta.claims import LEASE, open_rows
from deliveries.mta.clock import database_now
from deliveries.mta.fates import STATUS_OF, Fate, Outcome
from deliveries.mta.governor import Hold
from deliveries.mta.journal import PartKey
from deliveries.mta.opt_outs import ignore
from deliveries.mta.retries import next_attempt_at
from recipients.quarantine import AddressFailure, record_failures, record_successes
from recipients.vocabulary import FailureReason, FailureType

# What an answer for now already says about the mailbox. Servers out of reach say nothing before we give up.
_OF_THE_MAILBOX = (FailureReason.USER_UNKNOWN, FailureReason.ACCOUNT_DISABLED, FailureReason.MAILBOX_FULL)
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
    execute("UPDATE deliveries_deliverypart SET lease_until = %s WHERE id = %s", [timestamp(now + LEASE), key.part_id])


@transaction.atomic
def write_ignored(key: PartKey, reasons: Mapping[int, FailureReason]) -> None:
    """Rows that were let go of because they must not be sent any more. Raises LeaseLost."""
    part = _lock(key)
    suppressed: dict[FailureReason, list[int]] = {}
    for number, reason in reasons.items():
        suppressed.setdefault(reason, []).append(number)
    ignore(part.delivery_id, suppressed, database_now())


@transaction.atomic
def close_part(
    key: PartKey,
    outcomes: Sequence[Outcome],
    *,
    fates: Mapping[Fate, int],
    held_by: tuple[str, Hold] | None = None,
) -> None:
    """Apply the last outcomes and give the part back: done, or due again. Raises LeaseLost.

    `fates`: how many of its rows met which fate under this claim, the last outcomes included. `held_by`: the receiver
    that what is left waits for, and why; the wait is no attempt.
    """
    part = _lock(key)
    now = database_now()
    _apply(part, outcomes, now)
    again = fates.get(Fate.RETRY, 0) + (fates.get(Fate.IN_DOUBT, 0) if part.resends else 0)
    _give_back(part, again, now, held_by)


def renew_leases(keys: Sequence[PartKey]) -> set[PartKey]:
    """Renew what is still ours, and answer which that is."""
    until = database_now() + LEASE
    held = DeliveryPart.objects.filter(state=PartState.CLAIMED)
    return {key for key in keys if held.filter(pk=key.part_id, claim_token=key.token).update(lease_until=until)}


_LOCK = """
SELECT part.first_id, part.last_id, part.attempt, delivery.id, delivery.label, delivery.channel, delivery.state,
    delivery.stop_requested, delivery.in_doubt_policy
FROM deliveries_deliverypart AS part JOIN deliveries_delivery AS delivery ON delivery.id = part.delivery_id
WHERE part.id = %s AND part.claim_token = %s AND part.state = %s
"""


def _lock(key: PartKey) -> _Part:
    lock = " FOR UPDATE OF part" if connection.features.has_select_for_update_of else ""
    found = fetch_all(_LOCK + lock, [key.part_id, identifier(key.token), int(PartState.CLAIMED)])
    if not found:
        raise LeaseLost(f"part {key.part_id} is no longer held under {key.token}")
    first_id, last_id, attempt, delivery_id, label, channel, state, stop_requested, policy = found[0]
    return _Part(
        key=key,
        delivery_id=delivery_id,
        delivery_label=label,
        channel=channel,
        first_id=first_id,
        last_id=last_id,
        attempt=attempt,
        resends=policy == SendingFields.InDoubtPolicy.RESEND,
        stopping=stop_requested or state in (DeliveryState.STOPPED, DeliveryState.FAILED),
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
    _tell_minute(part.delivery_id, moved, now)


def _write_rows(part: _Part, outcomes: Sequence[Outcome], now: datetime) -> Moved:
    """Most have one outcome in common and are written as a set; the others each have their own reply."""
    alike: dict[int, list[int]] = {}
    others: list[Outcome] = []
    sent = Fate.SENT
    for outcome in outcomes:
        if outcome.fate is sent:
            alike.setdefault(outcome.attempts, []).append(outcome.broadlog_id)
        else:
            others.append(outcome)
    moved: Moved = Counter()
    for attempts, numbers in alike.items():
        moved[int(MessageStatus.SENT), False] += _write_sent(part, attempts, sorted(numbers), now)
    if others:
        in_one = connection.vendor == "postgresql"
        moved += (_write_in_one_statement if in_one else _write_in_groups)(part, others, now)
    return moved


# delivery_id + 0: as in `open_rows`, rows are found by their number and never by their delivery.
_SENT = """
UPDATE deliveries_broadlog
SET status = %s, in_doubt_since = NULL, attempts = %s, failure_type = NULL, failure_reason = NULL,
    failure_detail = '', updated_at = %s
WHERE delivery_id + 0 = %s AND status = %s AND in_doubt_since IS NULL AND """


def _write_sent(part: _Part, attempts: int, numbers: Sequence[int], now: datetime) -> int:
    first, last = numbers[0], numbers[-1]
    values = [int(MessageStatus.SENT), attempts, timestamp(now), part.delivery_id, int(MessageStatus.PENDING)]
    if last - first + 1 == len(set(numbers)):
        return execute(f"{_SENT} id BETWEEN %s AND %s", [*values, first, last])
    if connection.vendor == "postgresql":
        # As text: a list is turned into an array ten times slower.
        return execute(f"{_SENT} id = ANY(%s::bigint[])", [*values, f"{{{','.join(map(str, numbers))}}}"])
    return sum(execute(f"{_SENT} id IN ({places(few)})", [*values, *few]) for few in _few(numbers))


def _few(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), 500):
        yield numbers[start : start + 500]


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
    WHERE b.id = o.id AND b.delivery_id + 0 = %s AND b.status = %s AND b.in_doubt_since IS NULL
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
    stamp = timestamp(now)
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


_MINUTE = """
INSERT INTO deliveries_deliveryminute (delivery_id, minute, processed, succeeded) VALUES (%s, %s, %s, %s)
ON CONFLICT (delivery_id, minute) DO UPDATE
SET processed = deliveries_deliveryminute.processed + excluded.processed,
    succeeded = deliveries_deliveryminute.succeeded + excluded.succeeded
"""


def _tell_minute(delivery_id: int, moved: Moved, now: datetime) -> None:
    """Add the batch to the messages of this minute; after the delivery, whose lock keeps senders apart."""
    processed = sum(number for (_status, doubtful), number in moved.items() if not doubtful)
    if not processed:
        return
    succeeded = moved.get((int(MessageStatus.SENT), False), 0)
    execute(_MINUTE, [delivery_id, timestamp(now.replace(second=0, microsecond=0)), processed, succeeded])


def _storable(detail: str) -> str:
    # PostgreSQL keeps no NUL in a text.
    return detail.replace("\x00", "�")


def _quarantine(part: _Part, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Failures count on their addresses; whoever got a message has no errors any more."""
    troubles = [outcome for outcome in outcomes if outcome.failure_type is not None]
    blamed = {outcome.broadlog_id: outcome for outcome in troubles if _blames_address(outcome)}
    if blamed:
        written = (MessageStatus.FAILED, MessageStatus.PENDING)
        addresses = Broadlog.objects.filter(pk__in=blamed, status__in=written).values_list("pk", "address")
        record_failures(failures=[_failure(part, address, blamed[number]) for number, address in addresses], now=now)
    if len(troubles) < len(outcomes):
        record_successes(channel=part.channel, addresses=_addresses_of_sent(outcomes), now=now)


def _addresses_of_sent(outcomes: Sequence[Outcome]) -> Iterator[str]:
    # Not asked unless it is read.
    sent = [outcome.broadlog_id for outcome in outcomes if outcome.fate is Fate.SENT]
    yield from Broadlog.objects.filter(pk__in=sent, status=MessageStatus.SENT).values_list("address", flat=True)


def _blames_address(outcome: Outcome) -> bool:
    if outcome.fate is Fate.RETRY:
        return outcome.failure_type == FailureType.SOFT and outcome.failure_reason in _OF_THE_MAILBOX
    return outcome.fate is Fate.FAILED and outcome.failure_type in (FailureType.HARD, FailureType.SOFT)


def _failure(part: _Part, address: str, outcome: Outcome) -> AddressFailure:
    return AddressFailure(
        channel=part.channel,
        address=address,
        reason=FailureReason(outcome.failure_reason or 0),
        text=_storable(outcome.detail),
        delivery_id=part.delivery_id,
        delivery_label=part.delivery_label,
        type=FailureType(outcome.failure_type or 0),
    )


def _give_back(part: _Part, tried: int, now: datetime, held_by: tuple[str, Hold] | None) -> None:
    rows = open_rows(part.delivery_id, part.first_id, part.last_id)
    if part.stopping:
        cancelled = MESSAGE_MOVES.move_all(rows, to=MessageStatus.CANCELLED, updated_at=now)
        move_counts(part.delivery_id, {"pending": -cancelled, "cancelled": cancelled})
    if _end_part(part):
        return
    remaining = rows.count()
    released = {"claim_token": None, "claimed_by": "", "lease_until": None}
    held = DeliveryPart.objects.filter(pk=part.key.part_id)
    if held_by is not None and not part.stopping:
        receiver, hold = held_by
        waits = {"throttled_by": receiver[:255], "throttle_reason": hold.reason[:1000]}
        PART_MOVES.move_all(held, to=PartState.DUE, due_at=now + timedelta(seconds=hold.seconds), **waits, **released)
    elif tried >= remaining:
        reasons = set(rows.order_by().values_list("failure_reason", flat=True).distinct())
        due_at = next_attempt_at(part.attempt, now=now, reasons=reasons)
        PART_MOVES.move_all(held, to=PartState.DUE, due_at=due_at, attempt=part.attempt + 1, **released)
    else:
        # Some were never tried: they don't wait for those that were.
        PART_MOVES.move_all(held, to=PartState.DUE, due_at=now, **released)


_END = """
UPDATE deliveries_deliverypart SET state = %s, claim_token = NULL, claimed_by = '', lease_until = NULL
WHERE id = %s AND state = %s AND NOT EXISTS (
    SELECT 1 FROM deliveries_broadlog
    WHERE id BETWEEN %s AND %s AND delivery_id + 0 = %s AND status = %s AND in_doubt_since IS NULL
)
"""


def _end_part(part: _Part) -> bool:
    """Done, unless one of its rows still waits to be sent."""
    rows = [part.first_id, part.last_id, part.delivery_id, int(MessageStatus.PENDING)]
    return bool(execute(_END, [int(PartState.DONE), part.key.part_id, int(PartState.CLAIMED), *rows]))
