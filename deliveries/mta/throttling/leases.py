"""Leasing what the waiting messages need, in small amounts, and giving back what was not spent."""

from __future__ import annotations

import math
from datetime import datetime
from threading import Lock

from deliveries.models import Route
from deliveries.mta.throttling.allowances import HORIZON_SECONDS, Pace, Quota
from deliveries.mta.throttling.buckets import Buckets, next_slice, share_of_slice
from deliveries.mta.throttling.receivers import Receiver
from deliveries.mta.throttling.warm_up import draw_volume, next_day, put_back_volume

# A receiver that takes hardly anything is still asked a few times a minute.
LEAST_RATE = 0.05
IDLE_SECONDS = 3.0


class Leases:
    def __init__(self, route: Route, affinity: str, buckets: Buckets, lock: Lock) -> None:
        self.affinity = affinity
        self._prefix = f"{route.pk}:{affinity}:"
        self._buckets = buckets
        self._lock = lock
        self._holding: dict[str, Receiver] = {}

    def renew(self, receiver: Receiver, waiting: int, *, at: float, now: datetime) -> None:
        """`at` and `now` are the same instant on the two clocks."""
        receiver.wanted_at = at
        self.tune(receiver, receiver.state.factor_at(now))
        if receiver.paused_until > at:
            return
        if receiver.pace is not None:
            self._reserve(receiver, receiver.pace, waiting, at, now)
            waiting = min(waiting, math.ceil(receiver.pace.rate * HORIZON_SECONDS))
        if receiver.hour is not None:
            self._draw_hour(receiver, receiver.hour, waiting, at, now)
        if receiver.day is not None:
            self._draw_day(receiver, receiver.day, waiting, at, now)

    def give_back(self, *, at: float, now: datetime, idle: float = IDLE_SECONDS) -> None:
        """What is held for receivers that nothing has waited for here for so many seconds."""
        idle_ones = [name for name, receiver in self._holding.items() if at - receiver.wanted_at >= idle]
        for name in idle_ones:
            receiver = self._holding.pop(name)
            if receiver.hour is not None and (number := self._unspent(receiver.hour, at)):
                self._buckets.put_back(self._prefix + name, number=number, now=now)
            if receiver.day is not None and receiver.plan and (number := self._unspent(receiver.day, at)):
                put_back_volume(self.affinity, receiver.plan, number=number, now=now)

    def tune(self, receiver: Receiver, factor: float) -> None:
        """Which allowances it needs, by its limit, its state and its plan."""
        rate = _rate(receiver, factor)
        if rate is None:
            receiver.pace = None
        elif receiver.pace is None:
            receiver.pace = Pace(rate)
        else:
            receiver.pace.rate = rate
        receiver.hour = (receiver.hour or Quota()) if receiver.limit.per_hour else None
        receiver.day = (receiver.day or Quota()) if receiver.plan else None

    def _reserve(self, receiver: Receiver, pace: Pace, waiting: int, at: float, now: datetime) -> None:
        wanted = pace.wanted(waiting, at)
        if not wanted:
            return
        key = self._prefix + receiver.name
        slots = self._buckets.reserve(key, rate=pace.rate, wanted=wanted, horizon=HORIZON_SECONDS, now=now)
        pace.add(at + slots.first + number / pace.rate for number in range(slots.number))

    def _draw_hour(self, receiver: Receiver, hour: Quota, waiting: int, at: float, now: datetime) -> None:
        wanted = hour.wanted(waiting, receiver.rate(at), at)
        if not wanted:
            return
        limit = share_of_slice((receiver.limit.per_hour or 0) * receiver.state.factor_at(now))
        granted = self._buckets.draw(self._prefix + receiver.name, limit=limit, wanted=wanted, now=now)
        self._add(receiver, hour, granted, ends_at=at + (next_slice(now) - now).total_seconds(), at=at)

    def _draw_day(self, receiver: Receiver, day: Quota, waiting: int, at: float, now: datetime) -> None:
        wanted = day.wanted(waiting, receiver.rate(at), at)
        if not wanted or receiver.plan is None:
            return
        granted = draw_volume(self.affinity, receiver.plan, wanted=wanted, now=now)
        self._add(receiver, day, granted, ends_at=at + (next_day(now) - now).total_seconds(), at=at)

    def _add(self, receiver: Receiver, quota: Quota, granted: int, *, ends_at: float, at: float) -> None:
        with self._lock:
            held = quota.left if at < quota.ends_at else 0
            quota.left, quota.ends_at = held + granted, ends_at
            quota.exhausted_until = 0.0 if quota.left else ends_at
        self._holding[receiver.name] = receiver

    def _unspent(self, quota: Quota, at: float) -> int:
        with self._lock:
            return quota.take_unspent(at)


def _rate(receiver: Receiver, factor: float) -> float | None:
    """Messages per second over all processes; None: as fast as they can."""
    bases = [receiver.limit.per_second, receiver.state.measured_rate if factor < 1 else None]
    known = [base for base in bases if base is not None]
    return max(min(known) * factor, LEAST_RATE) if known else None
