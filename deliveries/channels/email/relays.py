"""The servers of a relay route: shared by weight, failed over by preference, left alone while they fail."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from deliveries.channels.base import SendResult
from deliveries.channels.email.handshake import Connection, open_connection
from deliveries.channels.email.options import SmtpOptions, Unavailable

# A connection to a server that stands in ends early, so that the preferred ones are tried again.
STAND_IN_MESSAGES = 100


@dataclass(slots=True, eq=False)
class RelayServer:
    options: SmtpOptions
    preference: int = 0
    weight: int = 1
    # The event loop's clock: until then the others are asked first.
    resting_until: float = 0.0

    def rest(self, now: float) -> None:
        # Longer than any session rests: the next attempt of a session goes elsewhere.
        self.resting_until = now + self.options.backoff_seconds[1]


class Relays:
    """What the sessions of one connector know of their servers."""

    def __init__(self, servers: Sequence[RelayServer]) -> None:
        self.servers = sorted(servers, key=_preference_of)

    async def open(self) -> Connection:
        """A connection to the server whose turn it is; raises Unavailable when all of them fail."""
        now = asyncio.get_running_loop().time()
        awake = [server for server in self.servers if server.resting_until <= now] or self.servers
        troubles: list[SendResult] = []
        for server in _in_order(awake):
            try:
                connection = await open_connection(server.options)
            except Unavailable as error:
                server.rest(asyncio.get_running_loop().time())
                troubles.append(error.result)
                continue
            if server.preference > self.servers[0].preference:
                connection.limit = min(connection.limit, STAND_IN_MESSAGES)
            connection.server = server
            return connection
        raise Unavailable(_mildest(troubles))

    def note_trouble(self, connection: Connection) -> None:
        """It took the connection and then no message."""
        if isinstance(connection.server, RelayServer):
            connection.server.rest(asyncio.get_running_loop().time())


def _in_order(servers: Sequence[RelayServer]) -> Iterator[RelayServer]:
    """By preference; among equals at random, the heavier the likelier."""
    for _preference, group in groupby(servers, key=_preference_of):
        left = list(group)
        while left:
            chosen = random.choices(left, [server.weight for server in left])[0]
            left.remove(chosen)
            yield chosen


def _preference_of(server: RelayServer) -> int:
    return server.preference


def _mildest(troubles: Sequence[SendResult]) -> SendResult:
    """The route is at fault only when every server says so: one that is down may still take us."""
    return next((trouble for trouble in troubles if not trouble.route_fault), troubles[0])
