"""D29: a receiver at its limit takes nothing from the others: they get at least nine tenths of their solo speed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

from deliveries.channels.base import Message, SendResult
from deliveries.models import Broadlog, Delivery, ReceiverGroup, SendingLimit
from tests.deliveries.mta.conftest import channel, folder, in_loop, make_sender, run_until
from tests.deliveries.mta.connectors import ACCEPTED, MemoryChannel, MemoryServer
from tests.deliveries.mta.factories import make_route, make_sending

__all__ = ["channel", "folder", "in_loop"]
pytestmark = pytest.mark.usefixtures("in_loop")
OTHERS, AT_THE_LIMIT = 1200, 600
SLOW, OTHER = "slow.example", "other.example"
# What a server takes for a message: the sessions are the bottleneck, as they are over a network.
PACE = 0.02
SESSIONS, LIMIT_PER_SECOND, LIMIT_OF_SESSIONS = 8, 20, 5
TRIES = 3


@dataclass
class TimedServer(MemoryServer):
    """Knows when what came for whom, and how many messages of a domain it was given at once."""

    came: dict[str, list[float]] = field(default_factory=dict)
    at_once: Counter[str] = field(default_factory=Counter)
    most_at_once: Counter[str] = field(default_factory=Counter)

    async def take(self, message: Message) -> SendResult:
        domain = message.address.partition("@")[2]
        self.came.setdefault(domain, []).append(time.monotonic())
        self.at_once[domain] += 1
        self.most_at_once[domain] = max(self.most_at_once[domain], self.at_once[domain])
        await asyncio.sleep(PACE)
        self.at_once[domain] -= 1
        return ACCEPTED

    def speed(self, domain: str) -> float:
        """Messages a second, from the first to the last."""
        instants = self.came[domain]
        return (len(instants) - 1) / (instants[-1] - instants[0])


def speed_of_the_others(channel: MemoryChannel, *, beside: int) -> TimedServer:
    """Send to all of them, with so many to the receiver at its limit among them."""
    channel.server = server = TimedServer()
    delivery = make_mixed(OTHERS, beside)
    asyncio.run(run_until(make_sender(), lambda: len(server.came.get(OTHER, ())) == OTHERS, 120))
    Delivery.objects.filter(pk=delivery.pk).update(stop_requested=True)
    return server


def make_mixed(others: int, slow: int) -> Delivery:
    """Evenly mixed: every part has people of both."""
    delivery = make_sending(others + slow)
    rows = Broadlog.objects.filter(delivery=delivery)
    rows.update(address=address_at(OTHER))
    if slow:
        every = (others + slow) // slow
        rows.annotate(place=F("pk") % every).filter(place=0).update(address=address_at(SLOW))
    return delivery


def address_at(domain: str) -> Concat:
    return Concat(Value("person"), Cast("pk", CharField()), Value(f"@{domain}"))


def test_d29_a_limited_receiver_leaves_the_others_their_speed(channel: MemoryChannel) -> None:
    route = make_route(max_connections=SESSIONS)
    group = ReceiverGroup.objects.create(label="Slow", internal_name="slow", domains=SLOW, position=1)
    SendingLimit.objects.create(
        route=route, group=group, messages_per_second=LIMIT_PER_SECOND, connections=LIMIT_OF_SESSIONS
    )

    for _try in range(TRIES):
        solo = speed_of_the_others(channel, beside=0)
        beside = speed_of_the_others(channel, beside=AT_THE_LIMIT)
        # It was there, at its limit, all the time.
        assert 0 < len(beside.came[SLOW]) < AT_THE_LIMIT / 2
        assert beside.most_at_once[SLOW] <= LIMIT_OF_SESSIONS
        if beside.speed(OTHER) >= 0.9 * solo.speed(OTHER):
            return
    pytest.fail(f"{beside.speed(OTHER):.0f} beside, {solo.speed(OTHER):.0f} a second alone")
