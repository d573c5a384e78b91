"""Quarantine of addresses: in after a hard failure, out by hand; whole sets at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from common.sql import execute
from common.states import StateMachine
from recipients.models import Quarantine
from recipients.vocabulary import Channel, FailureType

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
BATCH = 500
COLUMNS = (
    *("channel", "address", "status", "error_count", "failure_type", "failure_reason", "error_text"),
    *("last_error_at", "delivery_id", "delivery_label", "created_at", "updated_at"),
)


@dataclass(frozen=True)
class HardFailure:
    """One refusal of an address for good, as its delivery met it."""

    channel: str
    address: str
    reason: int
    text: str
    delivery_id: int | None
    delivery_label: str


def address_key(channel: str, address: str) -> str:
    """The spelling under which an address is kept: e-mail addresses in lower case."""
    address = address.strip()
    return address.lower() if channel == Channel.EMAIL else address


def quarantine_addresses(*, failures: Iterable[HardFailure], now: datetime) -> int:
    """Quarantine the address of every failure and count the error; return how many were not in quarantine before."""
    merged: dict[tuple[str, str], tuple[int, HardFailure]] = {}
    for failure in failures:
        key = (str(failure.channel), address_key(failure.channel, failure.address))
        count, _latest = merged.get(key, (0, failure))
        merged[key] = (count + 1, failure)
    rows = [
        _row(key, count, failure, now) for key, (count, failure) in sorted(merged.items(), key=lambda item: item[0])
    ]
    return sum(_store(rows[start : start + BATCH]) for start in range(0, len(rows), BATCH))


def release(*, channel: str, addresses: Iterable[str], now: datetime) -> int:
    """Make quarantined addresses valid again; return how many were."""
    keys = sorted({address_key(channel, address) for address in addresses})
    released = 0
    for start in range(0, len(keys), BATCH):
        rows = Quarantine.objects.filter(channel=channel, address__in=keys[start : start + BATCH])
        released += STATES.move_all(rows, to=Status.VALID, error_count=0, updated_at=now)
    return released


def quarantined_addresses(channel: str) -> QuerySet[Quarantine, Any]:
    """The addresses in quarantine on this channel (e-mail: lower case), for use inside another statement."""
    return Quarantine.objects.filter(channel=channel, status=Status.QUARANTINED).values_list("address", flat=True)


def _row(key: tuple[str, str], count: int, failure: HardFailure, now: datetime) -> list[Any]:
    moment = connection.ops.adapt_datetimefield_value(now)
    return [
        *(*key, int(Status.QUARANTINED), count, int(FailureType.HARD), int(failure.reason), failure.text),
        *(moment, failure.delivery_id, failure.delivery_label[:250], moment, moment),
    ]


def _store(rows: list[list[Any]]) -> int:
    with transaction.atomic():
        before = _in_quarantine(rows)
        execute(_upsert(len(rows)), [value for row in rows for value in row])
        return _in_quarantine(rows) - before


def _in_quarantine(rows: list[list[Any]]) -> int:
    found = Quarantine.objects.filter(status=Status.QUARANTINED, address__in=[row[1] for row in rows])
    keys = {(row[0], row[1]) for row in rows}
    return sum(key in keys for key in found.values_list("channel", "address"))


def _upsert(count: int) -> str:
    table = connection.ops.quote_name(Quarantine._meta.db_table)
    places = ", ".join([f"({', '.join(['%s'] * len(COLUMNS))})"] * count)
    kept = ", ".join(str(int(status)) for status in (Status.DENYLISTED, Status.ALLOWLISTED))
    copied = [name for name in COLUMNS[4:] if name != "created_at"]
    changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in copied)
    return (
        f"INSERT INTO {table} ({', '.join(COLUMNS)}) VALUES {places} ON CONFLICT (channel, address) DO UPDATE SET"
        f" status = CASE WHEN {table}.status IN ({kept}) THEN {table}.status ELSE EXCLUDED.status END,"
        f" error_count = {table}.error_count + EXCLUDED.error_count, {changes}"
    )
