"""A channel that sends into memory, with a server that can be told how to answer."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Lower

from deliveries.channels.base import (
    Channel,
    Connector,
    Message,
    NothingToSend,
    Outbox,
    OutgoingRow,
    Renderer,
    RenderingFailed,
    Result,
    SendResult,
)
from deliveries.models import Affinity, ContentVersion, Delivery, Route
from recipients.vocabulary import FailureReason, FailureType

ACCEPTED = SendResult(Result.ACCEPTED, detail="250 ok")
USER_UNKNOWN = SendResult(Result.REFUSED, FailureType.HARD, FailureReason.USER_UNKNOWN, "550 5.1.1 no such user")
MESSAGE_REFUSED = SendResult(Result.REFUSED, FailureType.SOFT, FailureReason.REFUSED, "550 5.7.1 spam")
MAILBOX_FULL = SendResult(Result.DEFERRED, FailureType.SOFT, FailureReason.MAILBOX_FULL, "452 4.2.2 full")
NO_CONNECTION = SendResult(Result.UNSENT, FailureType.SOFT, FailureReason.UNREACHABLE, "connection refused")
NO_REPLY = SendResult(Result.IN_DOUBT, detail="hung up after the dot")
BAD_PASSWORD = SendResult(
    Result.UNSENT, FailureType.SOFT, FailureReason.UNREACHABLE, "535", route_fault="535 bad login"
)


@dataclass
class MemoryServer:
    """What arrived, in order, and how each address is answered (its answers in turn, then accepted)."""

    arrived: list[str] = field(default_factory=list)
    answers: dict[str, list[SendResult]] = field(default_factory=lambda: defaultdict(list))
    always: SendResult | None = None
    # Seconds that each message takes.
    pace: float = 0.0
    # While clear, messages whose dot left get no reply.
    replying: asyncio.Event | None = None
    sessions: int = 0

    async def take(self, message: Message) -> SendResult:
        self.arrived.append(message.address)
        if self.pace:
            await asyncio.sleep(self.pace)
        if self.replying is not None:
            await self.replying.wait()
        answers = self.answers[message.address]
        return answers.pop(0) if answers else self.always or ACCEPTED


class MemoryConnector(Connector):
    def __init__(self, server: MemoryServer) -> None:
        self.server = server

    async def run_session(self, session: int, outbox: Outbox) -> None:
        self.server.sessions += 1
        while (message := await outbox.next()) is not None:
            if not outbox.intend(message, session):
                outbox.record(message, SendResult(Result.UNSENT, detail="stopped"), session)
                continue
            try:
                result = await self.server.take(message)
            except asyncio.CancelledError:
                outbox.record(message, NO_REPLY, session)
                raise
            outbox.record(message, result, session)


class MemoryRenderer(Renderer):
    fields = frozenset({"first_name"})
    reads_added = False

    fields = frozenset({"first_name"})
    reads_added = False

    def render(self, row: OutgoingRow) -> Message:
        name = row.recipient["first_name"]
        if name == "broken":
            raise RenderingFailed("HTML, line 3: unknown field “nickname”")
        if name == "skip":
            raise NothingToSend
        if name == "poison":
            raise ZeroDivisionError("division by zero")
        return Message(row.broadlog_id, "bounce@example.org", row.address, f"Hello {name}\r\n".encode())


class MemoryChannel(Channel):
    code = "memory"
    label = "Memory"
    denylist_field = "denylist_email"

    def __init__(self) -> None:
        self.server = MemoryServer()
        self.connectors_made = 0

    def address(self) -> F:
        return F("email")

    def address_key(self) -> Any:
        return Lower("email")

    def invalid_address(self) -> Q:
        return Q(pk__isnull=True)

    def check_address(self, address: str) -> str:
        return address

    def renderer(self, delivery: Delivery, version: ContentVersion) -> Renderer:
        return MemoryRenderer()

    def connector(self, route: Route, affinity: Affinity | None = None) -> Connector:
        self.connectors_made += 1
        return MemoryConnector(self.server)
