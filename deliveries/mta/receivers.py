"""Whose turn it is: the next message that its receiver takes now, out of the parts that a lane holds.

Messages whose receiver takes none now are kept aside and never stand in the way of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from deliveries.channels.base import Message, OutgoingRow, SendResult
from deliveries.mta.clock import monotonic
from deliveries.mta.governor import Governor, Hold
from deliveries.mta.held import HeldPart

# When a receiver that has all its sessions is asked again.
ASK_AGAIN_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.5


@dataclass(slots=True)
class Taken:
    """A message that a session holds; `receiver` is "" where nothing limits its domain."""

    part: HeldPart
    row: OutgoingRow
    message: Message
    domain: str
    receiver: str
    intended: bool = False
    refused: bool = False


def domain_of(address: str) -> str:
    """The receiving domain, in lower case and as A-labels; of an address without one, nothing."""
    _local, at, domain = address.rpartition("@")
    if not at:
        return ""
    domain = domain.lower()
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


class Receivers:
    """The messages of one lane by receiver. `parts` is the lane's own list."""

    def __init__(self, parts: list[HeldPart], governor: Governor) -> None:
        self.parts = parts
        self.governor = governor
        # Receivers with messages kept aside → when they are asked again (monotonic).
        self._asked_again: dict[str, float] = {}
        # Which sessions hold how many messages of a receiver that is limited.
        self._serving: dict[str, Counter[int]] = {}

    # What sessions call

    def take(self, session: int, destination: str = "") -> Taken | None:
        """The next message; rows that can't be made are settled on the way."""
        if self._asked_again:
            taken = self._take_kept(session)
            if taken is not None:
                return taken
        for part in self.parts:
            if part.waiting and part.may_send:
                taken = self._take_waiting(part, session)
                if taken is not None:
                    return taken
        return None

    def release(self, taken: Taken, session: int, *, unused: bool) -> None:
        """The session holds it no longer. `unused`: it did not leave."""
        receiver = taken.receiver
        if not receiver:
            return
        if unused:
            self.governor.give_back(receiver)
        serving = self._serving.get(receiver)
        if serving is not None:
            serving[session] -= 1
            if serving[session] <= 0:
                del serving[session]

    def next_turn(self) -> float | None:
        """Seconds until a receiver that messages are kept for is asked again; None when there are none."""
        if not self._asked_again:
            return None
        return max(0.001, min(self._asked_again.values()) - monotonic())

    def note(self, taken: Taken, result: SendResult) -> SendResult:
        """Tell the governor; what counts is its answer."""
        return self.governor.note(taken.receiver or taken.domain, result) if taken.domain else result

    # What the lane asks

    def to_open(self, at_work: Mapping[str, int], size: int) -> list[str]:
        """The destinations of the sessions to open, `at_work` being how many each has, and `size` the most in all."""
        open_now = sum(at_work.values())
        return [""] * (min(size, self.sendable(size)) - open_now)

    def is_out_of_reach(self, destination: str) -> bool:
        """Whether no connection to it came about, a moment ago."""
        return False

    def allowance(self, destination: str) -> int | None:
        """Messages per connection; only the route's own limit where all receivers share the connection."""
        return None

    def sendable(self, enough: int) -> int:
        """How many messages wait that may leave now, counted up to `enough`."""
        found = 0
        for part in self.parts:
            if part.halted:
                continue
            found += len(part.waiting) + sum(
                len(rows) for receiver, rows in part.kept.items() if self.governor.hold(receiver) is None
            )
            if found >= enough:
                break
        return found

    def waiting(self) -> dict[str, int]:
        """Messages kept aside, by receiver."""
        found: Counter[str] = Counter()
        for part in self.parts:
            for receiver, rows in part.kept.items():
                found[receiver] += len(rows)
        return dict(found)

    def sessions(self) -> dict[str, int]:
        """Sessions at work, by receiver that is limited."""
        return {receiver: len(serving) for receiver, serving in self._serving.items() if serving}

    def holds(self, part: HeldPart) -> Iterator[tuple[str, Hold]]:
        """Why each receiver that the part keeps messages for gets nothing now."""
        for receiver in part.kept:
            hold = self.governor.hold(receiver)
            if hold is not None:
                yield receiver, hold

    def _take_waiting(self, part: HeldPart, session: int) -> Taken | None:
        waiting, receiver_of = part.waiting, self.governor.receiver_of
        while waiting:
            row = waiting.popleft()
            domain = domain_of(row.address)
            receiver = receiver_of(domain)
            if receiver and not self._allows(receiver, session):
                part.keep(receiver, row)
                self._asked_again.setdefault(receiver, 0.0)
                continue
            taken = self._make(part, row, domain, receiver, session)
            if taken is not None:
                return taken
        return None

    def _take_kept(self, session: int) -> Taken | None:
        at = monotonic()
        for receiver, asked_again in list(self._asked_again.items()):
            if asked_again > at:
                continue
            # Taken out and put at the end: receivers take turns.
            del self._asked_again[receiver]
            taken = self._take_kept_for(receiver, session, at)
            if taken is not None:
                return taken
        return None

    def _take_kept_for(self, receiver: str, session: int, at: float) -> Taken | None:
        for part in self.parts:
            while receiver in part.kept and part.may_send:
                if not self._allows(receiver, session):
                    self._asked_again[receiver] = at + self._pause(receiver)
                    return None
                self._asked_again[receiver] = at
                row = part.take_kept(receiver)
                taken = self._make(part, row, domain_of(row.address), receiver, session)
                if taken is not None:
                    return taken
        return None

    def _allows(self, receiver: str, session: int) -> bool:
        limit = self.governor.connections(receiver)
        serving = self._serving.get(receiver)
        if limit is not None and len(serving or ()) >= limit and session not in (serving or ()):
            return False
        return self.governor.take(receiver)

    def _pause(self, receiver: str) -> float:
        hold = self.governor.hold(receiver)
        return ASK_AGAIN_SECONDS if hold is None else min(hold.seconds, LONGEST_PAUSE_SECONDS)

    def _make(self, part: HeldPart, row: OutgoingRow, domain: str, receiver: str, session: int) -> Taken | None:
        message = part.make(row)
        if message is None:
            if receiver:
                self.governor.give_back(receiver)
            return None
        if receiver:
            self._serving.setdefault(receiver, Counter())[session] += 1
        return Taken(part, row, message, domain, receiver)
