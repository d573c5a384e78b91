"""A route and affinity at work in this process: the connector, its sessions, and the parts that feed them."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

from deliveries.channels.base import Connector, SendResult
from deliveries.models import Route
from deliveries.mta.destinations import Destinations
from deliveries.mta.governor import Governor, Hold
from deliveries.mta.hands import Hands
from deliveries.mta.held import HeldPart
from deliveries.mta.journal import Journal
from deliveries.mta.receivers import Receivers, Taken

logger = logging.getLogger("diffusion.mta")
# Below this many messages that may leave another part is claimed, so that connections never drain.
LOW_WATER = 1000
# Looked at every so many messages: counting what waits costs more than taking one.
LOOK_EVERY = 32
# More parts are not held while what they hold waits for its receivers.
MAX_PARTS = 20
# A session without work for this long ends; with all ended, the route's settings are read anew.
IDLE_SECONDS = 60.0
# A session to one domain waits no longer for the next message, and gives way after so many when others wait.
DIRECT_IDLE_SECONDS, DIRECT_TURN = 5.0, 100
# What waits longer than this for its receivers is given back.
GIVE_BACK_SECONDS, CROWDED_SECONDS = 5.0, 30.0

# The route's number and the name of the affinity, "" for none.
LaneKey = tuple[int, str]


class Lane:
    def __init__(
        self,
        route: Route,
        affinity: str,
        connector: Connector,
        governor: Governor,
        journal: Journal,
        wake: Callable[[], None],
    ) -> None:
        self.key: LaneKey = (route.pk, affinity)
        self.route_id = route.pk
        self.settings = settings_of(route)
        self.size = route.max_connections
        self.connector = connector
        self.governor = governor
        self.journal = journal
        self.wake = wake
        self.parts: list[HeldPart] = []
        self.receivers = (Destinations if connector.by_domain else Receivers)(self.parts, governor)
        # Nothing is taken for now: outcomes can't be recorded.
        self.holding = False
        # No new message for any session: the sender ends, or the route's settings changed.
        self.ending = False
        # What is wrong on our side: nothing leaves until the sender has paused the route.
        self.fault = ""
        # One domain waits while all sessions serve others.
        self.crowded = False
        self._sessions: dict[int, tuple[Hands, asyncio.Task[None]]] = {}
        self._news = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._writing = False
        self._asked_for_more = False
        self._takes = 0

    # What the sender calls

    @property
    def hungry(self) -> bool:
        room = not self.ending and self.open and len(self.parts) < MAX_PARTS
        return room and self.receivers.sendable(LOW_WATER) < LOW_WATER

    @property
    def open(self) -> bool:
        return not (self.holding or self.fault)

    @property
    def idle(self) -> bool:
        return not self.parts and not self._sessions

    @property
    def sessions(self) -> list[asyncio.Task[None]]:
        return [task for _hands, task in self._sessions.values()]

    def add(self, part: HeldPart) -> None:
        self.parts.append(part)
        self._asked_for_more = False
        self.open_sessions()
        self.announce()

    def open_sessions(self) -> None:
        """As many as there are messages to send, up to the route's limit."""
        if self.ending or not self.open:
            return
        at_work = Counter(hands.destination for hands, _task in self._sessions.values())
        if len(self._sessions) < self.size:
            free = (number for number in range(self.size) if number not in self._sessions)
            for number, destination in zip(free, self.receivers.to_open(at_work, self.size), strict=False):
                self._open(number, destination)
        elif isinstance(self.receivers, Destinations):
            self.crowded = self.receivers.others_wait(at_work)
            if self.crowded:
                self.announce()

    def end(self) -> None:
        """Let every session finish what it holds and say QUIT."""
        self.ending = True
        self.announce()

    def announce(self) -> None:
        """Something changed for sessions that wait: parts came, or the lane ends."""
        self._news.set()
        self._news = asyncio.Event()

    def announce_if_kept(self) -> None:
        """Receivers that messages are kept for may take more now."""
        if self.receivers.next_turn() is not None:
            self.announce()

    def hold_back(self) -> None:
        """Mark the parts of which all that is left waits for its receivers: they are given back."""
        stuck = [part for part in self.parts if part.kept and not (part.waiting or part.on_their_way)]
        for part in stuck:
            holds = list(self.receivers.holds(part))
            shortest = min(holds, key=lambda each: each[1].seconds, default=None)
            if shortest and len(holds) == len(part.kept) and shortest[1].seconds > GIVE_BACK_SECONDS:
                part.held_by = shortest
        if len(self.parts) >= MAX_PARTS and self.receivers.sendable(LOW_WATER) < LOW_WATER:
            for part in stuck[MAX_PARTS // 2 :]:
                receiver, hold = next(self.receivers.holds(part), (next(iter(part.kept)), Hold(0, None, "")))
                part.held_by = part.held_by or (receiver, Hold(CROWDED_SECONDS, None, hold.reason))

    # What the sessions call, through their hands

    async def next(self, hands: Hands) -> Taken | None:
        waited = 0.0
        patience = DIRECT_IDLE_SECONDS if hands.destination else IDLE_SECONDS
        while not self.ends_for(hands) and waited < patience:
            taken = self.take(hands)
            if taken is not None:
                return taken
            hands.idle, since = True, asyncio.get_running_loop().time()
            self._set_alarm()
            try:
                await asyncio.wait_for(self._news.wait(), patience - waited)
            except TimeoutError:
                return None
            finally:
                hands.idle = False
            waited += asyncio.get_running_loop().time() - since
        return None

    def take(self, hands: Hands) -> Taken | None:
        if not self.open or self.ends_for(hands):
            return None
        taken = self.receivers.take(hands.session, hands.destination)
        if taken is None and any(part.over for part in self.parts):
            self.wake()
        self._takes += 1
        if taken is None or not self._takes % LOOK_EVERY:
            self._ask_for_more()
        return taken

    def ends_for(self, hands: Hands) -> bool:
        """Whether the session takes nothing more."""
        if self.ending:
            return True
        if not hands.destination:
            return False
        served = self.crowded and (hands.idle or hands.served >= DIRECT_TURN)
        return served or self.receivers.is_out_of_reach(hands.destination)

    def allowance(self, hands: Hands) -> int | None:
        return self.receivers.allowance(hands.destination) if hands.destination else None

    def note(self, taken: Taken, result: SendResult) -> SendResult:
        """What a session says of a message; answers what counts."""
        if result.route_fault:
            self.fault = result.route_fault
            self.wake()
        return self.receivers.note(taken, result)

    def journal_soon(self) -> None:
        """Outcomes that no intent takes along reach the journal at the loop's next turn."""
        if not self._writing:
            self._writing = True
            asyncio.get_running_loop().call_soon(self._write_journal)

    def stop_recording(self) -> None:
        """The journal refused a line. What is in memory still reaches the database; nothing new leaves meanwhile."""
        if not self.holding:
            logger.exception("the journal can't be written: sending stops")
        self.holding = True
        self.wake()

    def _write_journal(self) -> None:
        self._writing = False
        try:
            self.journal.flush()
        except OSError:
            self.stop_recording()

    def _ask_for_more(self) -> None:
        if not self._asked_for_more and self.hungry:
            self._asked_for_more = True
            self.wake()

    def _set_alarm(self) -> None:
        """Messages are kept for receivers that take more in a moment: somebody looks then."""
        seconds = self.receivers.next_turn() if self._alarm is None else None
        if seconds is not None:
            self._alarm = asyncio.get_running_loop().call_later(seconds, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self.announce()

    def _open(self, number: int, destination: str) -> None:
        hands = Hands(self, number, destination)
        task = asyncio.get_running_loop().create_task(self._run(hands))
        self._sessions[number] = hands, task

    async def _run(self, hands: Hands) -> None:
        try:
            await self.connector.run_session(hands.session, hands)
        except Exception:
            logger.exception("session %d of route %d failed", hands.session, self.route_id)
        finally:
            hands.let_go()
            self._sessions.pop(hands.session, None)
            self.crowded = False
            self.wake()


def settings_of(route: Route) -> tuple[object, ...]:
    """What a running connector was made of."""
    own = (route.url, route.encrypted_password, route.authentication, route.weight)
    limits = (route.max_connections, route.max_messages_per_connection)
    relays = [
        (relay.url, relay.encrypted_password, relay.authentication, relay.preference, relay.weight)
        for relay in route.relays.all()
    ]
    return (*own, *limits, *relays)
