"""Allowances shared by all processes, in the database: one row per receiver, locked while it changes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.db import transaction

from deliveries.models import TokenBucket

# 12 slices of an hour, as senders in this field count: no hour's worth leaves in its first minute.
SLICE = timedelta(minutes=5)
SLICES_PER_HOUR = 12


@dataclass(frozen=True, slots=True)
class Slots:
    """`number` messages may leave: the first `first` seconds from now, the others one after the other."""

    first: float
    number: int


NO_SLOTS = Slots(0.0, 0)


class Buckets(Protocol):
    def reserve(self, key: str, *, rate: float, wanted: int, horizon: float, now: datetime) -> Slots:
        """The next free instants at `rate` per second, none later than `horizon` seconds from now."""

    def draw(self, key: str, *, limit: int, wanted: int, now: datetime) -> int:
        """Up to `wanted` of the `limit` messages of this slice of the hour."""

    def put_back(self, key: str, *, number: int, now: datetime) -> None:
        """Drawn in this slice and not spent."""


def slice_start(now: datetime) -> datetime:
    return now.replace(minute=now.minute - now.minute % 5, second=0, microsecond=0)


def next_slice(now: datetime) -> datetime:
    return slice_start(now) + SLICE


def share_of_slice(per_hour: float) -> int:
    return max(1, math.floor(per_hour / SLICES_PER_HOUR))


class DatabaseBuckets:
    """`updated_at` is the next free instant of a pace, and the beginning of the slice that `tokens` were drawn from."""

    def reserve(self, key: str, *, rate: float, wanted: int, horizon: float, now: datetime) -> Slots:
        granted = NO_SLOTS

        def advance(bucket: TokenBucket) -> None:
            nonlocal granted
            first = max((bucket.updated_at - now).total_seconds(), 0.0)
            number = min(wanted, math.floor((horizon - first) * rate) + 1)
            if number > 0:
                granted = Slots(first, number)
                bucket.updated_at = now + timedelta(seconds=first + number / rate)

        _change(f"pace:{key}", now, advance)
        return granted

    def draw(self, key: str, *, limit: int, wanted: int, now: datetime) -> int:
        granted = 0

        def count(bucket: TokenBucket) -> None:
            nonlocal granted
            _begin_slice(bucket, now)
            granted = max(0, min(wanted, limit - int(bucket.tokens)))
            bucket.tokens += granted

        _change(f"slice:{key}", now, count)
        return granted

    def put_back(self, key: str, *, number: int, now: datetime) -> None:
        def uncount(bucket: TokenBucket) -> None:
            _begin_slice(bucket, now)
            bucket.tokens = max(0, bucket.tokens - number)

        _change(f"slice:{key}", now, uncount)


def _begin_slice(bucket: TokenBucket, now: datetime) -> None:
    if bucket.updated_at < slice_start(now):
        bucket.tokens = 0
        bucket.updated_at = slice_start(now)


def _change(key: str, now: datetime, change: Callable[[TokenBucket], None]) -> None:
    with transaction.atomic():
        # A bucket begins full: as if nothing had left for a long time.
        TokenBucket.objects.bulk_create([TokenBucket(key=key, updated_at=now - 2 * SLICE)], ignore_conflicts=True)
        bucket = TokenBucket.objects.select_for_update().get(pk=key)
        before = bucket.tokens, bucket.updated_at
        change(bucket)
        if (bucket.tokens, bucket.updated_at) != before:
            bucket.save(update_fields=["tokens", "updated_at"])
