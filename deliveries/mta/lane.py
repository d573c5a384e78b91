"""A route at work in this process: its connector, its sessions, and the parts that feed them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from deliveries.channels.base import Connector, Message, OutgoingRow, Result, SendResult
from deliveries.models import Route
from deliveries.mta.fates import Outcome, in_doubt, outcome_of
from deliveries.mta.held import HeldPart
from deliveries.mta.journal import Journal

logger = logging.getLogger("diffusion.mta")
# Below this many waiting messages a second part is claimed, so that connections never drain.
LOW_WATER = 500
# A session without work for this long ends; with all ended, the route's settings are read anew.
IDLE_SECONDS = 60.0


@dataclass(slots=True)
class Taken:
    part: HeldPart
    row: OutgoingRow
    intended: bool = False
    refused: bool = False


class Lane:
    def __init__(self, route: Route, connector: Connector, journal: Journal, wake: Callable[[], None]) -> None:
        self.route_id = route.pk
        self.settings = settings_of(route)
        self.size = route.max_connections
        self.connector = connector
        self.journal = journal
        self.wake = wake
        self.parts: list[HeldPart] = []
        # Nothing is taken for now: outcomes can't be recorded.
        self.holding = False
        # No new message for any session: the sender ends, or the route's settings changed.
        self.ending = False
        # What is wrong on our side: nothing leaves until the sender has paused the route.
        self.fault = ""
        self._sessions: dict[int, asyncio.Task[None]] = {}
        self._news = asyncio.Event()
        self._asked_for_more = False

    # What the sender calls

    @property
    def waiting(self) -> int:
        return sum(len(part.waiting) for part in self.parts if not part.halted)

    @property
    def hungry(self) -> bool:
        return not self.ending and self.open and self.waiting < LOW_WATER

    @property
    def open(self) -> bool:
        return not (self.holding or self.fault)

    @property
    def idle(self) -> bool:
        return not self.parts and not self._sessions

    @property
    def sessions(self) -> list[asyncio.Task[None]]:
        return list(self._sessions.values())

    def add(self, part: HeldPart) -> None:
        self.parts.append(part)
        self._asked_for_more = False
        self.open_sessions()
        self.announce()

    def open_sessions(self) -> None:
        """As many as there are messages to send, up to the route's limit."""
        if self.ending:
            return
        wanted = min(self.size, self.waiting)
        for number in range(self.size):
            if len(self._sessions) >= wanted:
                return
            if number not in self._sessions:
                self._open(number)

    def end(self) -> None:
        """Let every session finish what it holds and say QUIT."""
        self.ending = True
        self.announce()

    def announce(self) -> None:
        """Something changed for sessions that wait: parts came, or the lane ends."""
        self._news.set()
        self._news = asyncio.Event()

    # What the sessions call, through their hands

    async def next(self) -> tuple[HeldPart, OutgoingRow, Message] | None:
        while not self.ending:
            taken = self._take() if self.open else None
            if taken is not None:
                return taken
            try:
                await asyncio.wait_for(self._news.wait(), IDLE_SECONDS)
            except TimeoutError:
                return None
        return None

    def _take(self) -> tuple[HeldPart, OutgoingRow, Message] | None:
        for part in self.parts:
            taken = self._take_from(part) if part.may_send else None
            if part.over:
                self.wake()
            if taken is not None:
                self._ask_for_more()
                return part, *taken
        return None

    def _take_from(self, part: HeldPart) -> tuple[OutgoingRow, Message] | None:
        try:
            return part.take()
        except OSError:
            self.stop_recording()
            return None

    def _ask_for_more(self) -> None:
        if not self._asked_for_more and self.waiting < LOW_WATER:
            self._asked_for_more = True
            self.wake()

    def stop_recording(self) -> None:
        """The journal refused a line. What is in memory still reaches the database; nothing new leaves meanwhile."""
        if not self.holding:
            logger.exception("the journal can't be written: sending stops")
        self.holding = True
        self.wake()

    def _open(self, number: int) -> None:
        task = asyncio.get_running_loop().create_task(self._run(number))
        self._sessions[number] = task

    async def _run(self, number: int) -> None:
        hands = Hands(self)
        try:
            await self.connector.run_session(number, hands)
        except Exception:
            logger.exception("session %d of route %d failed", number, self.route_id)
        finally:
            hands.let_go()
            self._sessions.pop(number, None)
            self.wake()


class Hands:
    """One session's outbox: it knows what the session took, and lets go of it however the session ends."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._taken: dict[int, Taken] = {}

    async def next(self) -> Message | None:
        answer = await self._lane.next()
        if answer is None:
            return None
        part, row, message = answer
        self._taken[row.broadlog_id] = Taken(part, row)
        return message

    def intend(self, message: Message, session: int) -> bool:
        taken = self._taken[message.broadlog_id]
        taken.intended = self._may_leave(taken) and self._journalled(taken, session)
        taken.refused = not taken.intended
        return taken.intended

    def record(self, message: Message, result: SendResult, session: int) -> None:
        taken = self._taken.pop(message.broadlog_id)
        if result.route_fault:
            self._lane.fault = result.route_fault
            self._lane.wake()
        if self._nothing_happened(taken, result):
            self._put_back(taken)
        else:
            number = message.broadlog_id
            self._settle(taken, outcome_of(number, taken.part.attempt_of(number), result))

    def let_go(self) -> None:
        """What a session leaves behind when it fails: in doubt if the dot may have left, else as if never taken."""
        rest, self._taken = list(self._taken.values()), {}
        for taken in rest:
            if taken.intended:
                number = taken.row.broadlog_id
                self._settle(taken, in_doubt(number, taken.part.attempt_of(number)))
            else:
                self._put_back(taken)

    def _may_leave(self, taken: Taken) -> bool:
        return taken.part.may_send and self._lane.open

    def _journalled(self, taken: Taken, session: int) -> bool:
        number = taken.row.broadlog_id
        try:
            self._lane.journal.intend(taken.part.key, number, taken.part.attempt_of(number), session)
        except OSError:
            self._lane.stop_recording()
            return False
        return True

    def _settle(self, taken: Taken, outcome: Outcome) -> None:
        try:
            taken.part.settle(outcome)
        except OSError:
            self._lane.stop_recording()
        if taken.part.over:
            self._lane.wake()

    def _nothing_happened(self, taken: Taken, result: SendResult) -> bool:
        ours = taken.refused or not taken.part.may_send or self._lane.ending or bool(result.route_fault)
        return result.result is Result.UNSENT and ours

    def _put_back(self, taken: Taken) -> None:
        taken.part.put_back(taken.row)
        if taken.part.over:
            self._lane.wake()
        elif self._lane.open and taken.part.may_send:
            self._lane.announce()


def settings_of(route: Route) -> tuple[object, ...]:
    """What a running connector was made of."""
    return route.url, route.encrypted_password, route.max_connections
