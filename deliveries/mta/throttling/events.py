"""What the event loop noted and the database is told at the next refresh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from deliveries.mta.throttling.states import pause_receiver, slow_down, trust_receiver


@dataclass(frozen=True, slots=True)
class SlowedDown:
    receiver: str
    # Messages per second over all processes when it asked for less.
    rate: float
    reason: str


@dataclass(frozen=True, slots=True)
class Paused:
    receiver: str
    reason: str
    # The words that are suspect; None when it is our fault.
    suspected: str | None = None


@dataclass(frozen=True, slots=True)
class Trusted:
    receiver: str


Event = SlowedDown | Paused | Trusted


def tell(route_id: int, affinity: str, events: Sequence[Event], now: datetime) -> None:
    for event in events:
        match event:
            case SlowedDown(receiver, rate, reason):
                slow_down(route_id, affinity, receiver, rate=rate, reason=reason, now=now)
            case Paused(receiver, reason, suspected):
                pause_receiver(route_id, affinity, receiver, reason=reason, now=now, suspected=suspected)
            case Trusted(receiver):
                trust_receiver(route_id, affinity, receiver)
