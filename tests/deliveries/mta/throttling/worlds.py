"""Sending processes that share a database and a clock that only the test moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from deliveries.channels.base import Result, SendResult
from deliveries.models import Affinity, ReceiverGroup, Route, SendingLimit
from deliveries.mta.throttling.buckets import Buckets, DatabaseBuckets
from deliveries.mta.throttling.governing import ReceiverGovernor
from recipients.vocabulary import FailureReason, FailureType

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ACCEPTED = SendResult(Result.ACCEPTED)
TOO_FAST = SendResult(
    Result.UNSENT, FailureType.SOFT, FailureReason.UNREACHABLE, "421 4.7.0 too many messages, slow down", slow_down=True
)
NOT_US = SendResult(
    Result.UNSENT, detail="550 5.7.26 unauthenticated sender", receiver_fault="550 5.7.26 unauthenticated sender"
)


def unknown_user(number: int = 0) -> SendResult:
    text = f"550 5.1.1 <user{number}@big.example> no such user here x{number}si7"
    return SendResult(Result.REFUSED, FailureType.HARD, FailureReason.USER_UNKNOWN, text)


@dataclass
class World:
    """`route` is the one that all processes send through."""

    route: Route
    affinity: str = ""
    buckets: Buckets = field(default_factory=DatabaseBuckets)
    seconds: float = 0.0

    @property
    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def process(self, **values: Any) -> ReceiverGovernor:
        governor = ReceiverGovernor(
            self.route, self.affinity, buckets=self.buckets, clock=lambda: 1000 + self.seconds, **values
        )
        governor.refresh({}, self.now)
        return governor

    def pass_time(self, seconds: float) -> None:
        self.seconds += seconds


def make_world(url: str = "mx://", *, affinity: str = "", buckets: Buckets | None = None) -> World:
    """Without the rules that an installation begins with."""
    ReceiverGroup.objects.all().delete()
    SendingLimit.objects.all().delete()
    route = Route.objects.create(label="Out", internal_name="out", url=url)
    if affinity:
        Affinity.objects.get_or_create(name=affinity)
    return World(route, affinity, buckets or DatabaseBuckets())


def make_group(label: str = "Big", domains: str = "big.example", **values: Any) -> ReceiverGroup:
    return ReceiverGroup.objects.create(label=label, internal_name=label.lower(), domains=domains, **values)


def limit(group: ReceiverGroup | None = None, **values: Any) -> SendingLimit:
    return SendingLimit.objects.create(group=group, **values)


def send_for(
    world: World, processes: Iterable[ReceiverGovernor], *, seconds: float, receiver: str = "big", tick: float = 0.01
) -> list[float]:
    """When each message left: every process takes all it may at every tick, and refreshes twice a second."""
    left: list[float] = []
    due: dict[int, float] = defaultdict(lambda: world.seconds)
    end = world.seconds + seconds
    while world.seconds < end:
        for number, governor in enumerate(processes):
            if world.seconds >= due[number]:
                due[number] = world.seconds + 0.45 + 0.03 * number
                governor.refresh({receiver: 1000}, world.now)
            while governor.take(receiver):
                governor.note(receiver, ACCEPTED)
                left.append(world.seconds)
        world.pass_time(tick)
    return left


def busiest(left: list[float], window: float = 1.0) -> int:
    """The most messages within any window of so many seconds."""
    return max(sum(1 for other in left if at <= other < at + window) for at in left)
