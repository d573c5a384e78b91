"""Quarantine of addresses: in after a hard failure or too many soft ones, out after time, success or by hand.

Whole sets at once; an address has one row per channel, and rows are locked in the order of their keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import QuerySet

from common.sql import execute, rows_given
from common.states import StateMachine
from installation.options import (
    QUARANTINE_MAILBOX_FULL_DAYS,
    QUARANTINE_RESET_DAYS,
    QUARANTINE_SIGNIFICANT_HOURS,
    QUARANTINE_SOFT_ERRORS,
    get_options,
)
from recipients.models import Quarantine
from recipients.vocabulary import Channel, FailureReason, FailureType

T = TypeVar("T")
Status = Quarantine.Status
# Denylisted and allowlisted are decisions of people: no failure and no release overrides them.
STATES = StateMachine(
    "status",
    {
        Status.VALID: {Status.WITH_ERRORS, Status.QUARANTINED},
        Status.WITH_ERRORS: {Status.VALID, Status.QUARANTINED},
        Status.QUARANTINED: {Status.VALID},
    },
)
# What says that the address itself is dead. A refused message or sender is nobody's address.
DEAD_ADDRESS = frozenset(
    {
        FailureReason.USER_UNKNOWN,
        FailureReason.INVALID_DOMAIN,
        FailureReason.ACCOUNT_DISABLED,
        FailureReason.UNREACHABLE,
    }
)
# What counts towards quarantine when it comes again and again.
TROUBLED_ADDRESS = DEAD_ADDRESS | {FailureReason.MAILBOX_FULL}
BATCH = 500
COLUMNS = (
    *("channel", "address", "status", "error_count", "failure_type", "failure_reason", "error_text"),
    *("last_error_at", "last_significant_at", "delivery_id", "delivery_label", "created_at", "updated_at"),
)
_TYPES = (
    *("text", "text", "smallint", "integer", "smallint", "smallint", "text"),
    *("timestamptz", "timestamptz", "bigint", "text", "timestamptz", "timestamptz"),
)
# What a row says about its last error.
_LAST_ERROR = (
    *("failure_type", "failure_reason", "error_text", "last_error_at", "delivery_id", "delivery_label", "updated_at"),
)


@dataclass(frozen=True)
class AddressFailure:
    """One failure of an address, as its delivery met it."""

    channel: str
    address: str
    reason: int
    text: str
    delivery_id: int | None
    delivery_label: str
    type: int = FailureType.HARD

    @property
    def key(self) -> tuple[str, str]:
        return str(self.channel), address_key(self.channel, self.address)

    @property
    def is_hard(self) -> bool:
        return self.type == FailureType.HARD and self.reason in DEAD_ADDRESS

    @property
    def is_soft(self) -> bool:
        counts = self.type in (FailureType.HARD, FailureType.SOFT) and self.reason in TROUBLED_ADDRESS
        return counts and not self.is_hard


@dataclass(frozen=True)
class Thresholds:
    soft_errors: int
    significant_after: timedelta
    reset_after: timedelta
    mailbox_full_for: timedelta


def address_key(channel: str, address: str) -> str:
    """The spelling under which an address is kept: e-mail addresses in lower case."""
    address = address.strip()
    return address.lower() if channel == Channel.EMAIL else address


def thresholds() -> Thresholds:
    """The live options, in one query."""
    values = get_options(
        QUARANTINE_SOFT_ERRORS, QUARANTINE_SIGNIFICANT_HOURS, QUARANTINE_RESET_DAYS, QUARANTINE_MAILBOX_FULL_DAYS
    )
    return Thresholds(
        soft_errors=values[QUARANTINE_SOFT_ERRORS.name],
        significant_after=timedelta(hours=values[QUARANTINE_SIGNIFICANT_HOURS.name]),
        reset_after=timedelta(days=values[QUARANTINE_RESET_DAYS.name]),
        mailbox_full_for=timedelta(days=values[QUARANTINE_MAILBOX_FULL_DAYS.name]),
    )


@transaction.atomic
def record_failures(*, failures: Iterable[AddressFailure], now: datetime) -> int:
    """Count every failure on its address; return how many addresses were not in quarantine before and are now.

    Hard: quarantine at once. Soft: with errors, and quarantine when more significant errors came than the options
    allow. Anything else (ignored, undefined, a refusal of the message or of us) changes nothing.
    """
    hard: dict[tuple[str, str], list[AddressFailure]] = {}
    soft: dict[tuple[str, str], list[AddressFailure]] = {}
    for failure in failures:
        if failure.is_hard or failure.is_soft:
            (hard if failure.is_hard else soft).setdefault(failure.key, []).append(failure)
    entered = 0
    for keys in _batches(sorted(hard)):
        entered += _store([_row(key, hard[key], Status.QUARANTINED, now) for key in keys], _HARD, [])
    if soft:
        limits = thresholds()
        status = Status.QUARANTINED if limits.soft_errors == 0 else Status.WITH_ERRORS
        for keys in _batches(sorted(key for key in soft if key not in hard)):
            rows = [_row(key, soft[key][-1:], status, now) for key in keys]
            entered += _store(rows, _soft_changes(), _soft_parameters(limits, now))
    return entered


def record_successes(*, channel: str, addresses: Iterable[str], now: datetime) -> int:
    """A message arrived: addresses with errors are valid again. `addresses` is not read while there are none."""
    with_errors = Quarantine.objects.filter(channel=channel, status=Status.WITH_ERRORS)
    if not with_errors.exists():
        return 0
    keys = sorted({address_key(channel, address) for address in addresses})
    return sum(_make_valid(with_errors.filter(address__in=batch), now) for batch in _batches(keys))


@transaction.atomic
def denylist_addresses(*, complaints: Iterable[AddressFailure], now: datetime) -> int:
    """Never write again to those who complained, whatever their state was; return how many rows that concerns."""
    latest = {complaint.key: complaint for complaint in complaints}
    rows = [_row(key, [complaint], Status.DENYLISTED, now) for key, complaint in sorted(latest.items())]
    for batch in _batches(rows):
        _upsert(batch, _COMPLAINT, [])
    return len(rows)


def release(*, channel: str, addresses: Iterable[str], now: datetime) -> int:
    """Make quarantined addresses, and those with errors, valid again; return how many were."""
    keys = sorted({address_key(channel, address) for address in addresses})
    rows = Quarantine.objects.filter(channel=channel)
    return sum(_make_valid(rows.filter(address__in=batch), now) for batch in _batches(keys))


def release_row(row: Quarantine, *, now: datetime) -> None:
    """Make one address valid again, or raise IllegalMove."""
    STATES.move(row, to=Status.VALID, error_count=0, last_significant_at=None, updated_at=now)


def release_after_time(now: datetime) -> int:
    """Forget errors long past and release mailboxes that were full; return how many addresses became valid.

    Nothing else leaves quarantine by itself.
    """
    limits = thresholds()
    forgotten = Quarantine.objects.filter(status=Status.WITH_ERRORS, last_significant_at__lt=now - limits.reset_after)
    emptied = Quarantine.objects.filter(
        status=Status.QUARANTINED,
        failure_reason=FailureReason.MAILBOX_FULL,
        last_error_at__lt=now - limits.mailbox_full_for,
    )
    return _make_valid(forgotten, now) + _make_valid(emptied, now)


def quarantined_addresses(channel: str) -> QuerySet[Quarantine, Any]:
    """The addresses in quarantine on this channel (e-mail: lower case), for use inside another statement."""
    return Quarantine.objects.filter(channel=channel, status=Status.QUARANTINED).values_list("address", flat=True)


@transaction.atomic
def _make_valid(rows: QuerySet[Quarantine], now: datetime) -> int:
    movable = rows.filter(status__in=STATES.sources(Status.VALID)).order_by("channel", "address")
    numbers = list(movable.select_for_update().values_list("pk", flat=True))
    return sum(
        STATES.move_all(
            Quarantine.objects.filter(pk__in=batch),
            to=Status.VALID,
            error_count=0,
            last_significant_at=None,
            updated_at=now,
        )
        for batch in _batches(numbers)
    )


def _row(key: tuple[str, str], failures: Sequence[AddressFailure], status: Status, now: datetime) -> list[Any]:
    latest = failures[-1]
    moment = connection.ops.adapt_datetimefield_value(now)
    return [
        *(*key, int(status), len(failures), int(latest.type), int(latest.reason), latest.text),
        *(moment, moment, latest.delivery_id, latest.delivery_label[:250], moment, moment),
    ]


def _store(rows: list[list[Any]], changes: str, parameters: list[Any]) -> int:
    before = _in_quarantine(rows)
    _upsert(rows, changes, parameters)
    return _in_quarantine(rows) - before


def _in_quarantine(rows: list[list[Any]]) -> int:
    found = Quarantine.objects.filter(status=Status.QUARANTINED, address__in=[row[1] for row in rows])
    keys = {(row[0], row[1]) for row in rows}
    return sum(key in keys for key in found.values_list("channel", "address"))


def _upsert(rows: Sequence[list[Any]], changes: str, parameters: list[Any]) -> None:
    given, values = rows_given(rows, _TYPES)
    execute(
        f"INSERT INTO recipients_quarantine AS q ({', '.join(COLUMNS)}) {given}"
        f" ON CONFLICT (channel, address) DO UPDATE SET {changes}",
        [*values, *parameters],
    )


def _copied(condition: str = "") -> str:
    """The last error is the new one; with a condition, only where that holds."""
    value = f"CASE WHEN {condition} THEN EXCLUDED.{{0}} ELSE q.{{0}} END" if condition else "EXCLUDED.{0}"
    return ", ".join(f"{name} = {value.format(name)}" for name in _LAST_ERROR)


_DECIDED = f"q.status IN ({int(Status.DENYLISTED)}, {int(Status.ALLOWLISTED)})"
_HARD = (
    f"status = CASE WHEN {_DECIDED} THEN q.status ELSE EXCLUDED.status END,"
    f" error_count = q.error_count + EXCLUDED.error_count, last_significant_at = EXCLUDED.last_significant_at,"
    f" {_copied()}"
)
_COMPLAINT = f"status = EXCLUDED.status, {_copied()}"


def _soft_changes() -> str:
    """Parameters: see `_soft_parameters`."""
    valid, with_errors, quarantined = int(Status.VALID), int(Status.WITH_ERRORS), int(Status.QUARANTINED)
    # A soft error of an address in quarantine for good says nothing new, and must not look like its cause.
    counts = f"NOT (q.status = {quarantined} AND q.failure_type = {int(FailureType.HARD)})"
    significant = f"(q.status = {valid} OR q.last_significant_at IS NULL OR q.last_significant_at <= %s)"
    base = (
        f"(CASE WHEN q.status = {valid} OR (q.status = {with_errors} AND q.last_significant_at < %s)"
        f" THEN 0 ELSE q.error_count END)"
    )
    number = f"({base} + CASE WHEN {significant} THEN 1 ELSE 0 END)"
    return (
        f"status = CASE WHEN {_DECIDED} OR q.status = {quarantined} THEN q.status"
        f" WHEN {number} > %s THEN {quarantined} ELSE {with_errors} END,"
        f" error_count = CASE WHEN {counts} THEN {number} ELSE q.error_count END,"
        f" last_significant_at = CASE WHEN {counts} AND {significant}"
        f" THEN EXCLUDED.last_significant_at ELSE q.last_significant_at END, {_copied(counts)}"
    )


def _soft_parameters(limits: Thresholds, now: datetime) -> list[Any]:
    adapt = connection.ops.adapt_datetimefield_value
    significant, reset = adapt(now - limits.significant_after), adapt(now - limits.reset_after)
    return [reset, significant, limits.soft_errors, reset, significant, significant]


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
