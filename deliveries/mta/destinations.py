"""Whose turn it is where each session serves one receiving domain: the direct way to mail servers."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from itertools import islice

from deliveries.channels.base import Result, SendResult
from deliveries.mta.clock import monotonic
from deliveries.mta.governor import Governor, Hold
from deliveries.mta.held import HeldPart
from deliveries.mta.receivers import Receivers, Taken, domain_of

# So many messages of one domain are worth one more session.
MESSAGES_PER_SESSION = 20
# One domain's messages count no further than this when the lane asks whether it has enough to do.
COUNTED_PER_DOMAIN = 100
# A domain out of reach is left alone, each time twice as long.
REST_SECONDS, LONGEST_REST_SECONDS = 30.0, 900.0


class Destinations(Receivers):
    def __init__(self, parts: list[HeldPart], governor: Governor) -> None:
        super().__init__(parts, governor)
        # Domains in the order of their turns; those out of reach → until when, for how long, why.
        self._turns: deque[str] = deque()
        self._out_of_reach: dict[str, tuple[float, float, str]] = {}

    def take(self, session: int, destination: str = "") -> Taken | None:
        if self.is_out_of_reach(destination):
            return None
        for part in self.parts:
            self._sort(part)
            while destination in part.kept and part.may_send:
                receiver = self.governor.receiver_of(destination)
                if receiver and not self._allows(receiver, session):
                    self._asked_again[destination] = monotonic() + self._pause(receiver)
                    return None
                self._asked_again.pop(destination, None)
                taken = self._make(part, part.take_kept(destination), destination, receiver, session)
                if taken is not None:
                    return taken
        self._asked_again.pop(destination, None)
        return None

    def note(self, taken: Taken, result: SendResult) -> SendResult:
        if result.result is Result.UNSENT and not (taken.refused or result.route_fault or result.receiver_fault):
            _until, seconds, _detail = self._out_of_reach.get(taken.domain, (0.0, REST_SECONDS / 2, ""))
            seconds = min(seconds * 2, LONGEST_REST_SECONDS)
            self._out_of_reach[taken.domain] = monotonic() + seconds, seconds, result.detail
        elif result.result is not Result.UNSENT:
            self._out_of_reach.pop(taken.domain, None)
        return super().note(taken, result)

    def to_open(self, at_work: Mapping[str, int], size: int) -> list[str]:
        waiting, known = self._waiting_domains(), set(self._turns)
        self._turns.extend(domain for domain in waiting if domain not in known)
        self._turns = deque(domain for domain in self._turns if domain in waiting)
        # Those with the fewest sessions first, and among them those that have waited longest for a turn.
        fewest_first = sorted(self._turns, key=lambda domain: at_work.get(domain, 0))
        deserving = (each for each in fewest_first if self._deserves(each, waiting[each], at_work.get(each, 0)))
        found = list(islice(deserving, max(0, size - sum(at_work.values()))))
        for domain in found:
            self._turns.remove(domain)
            self._turns.append(domain)
        return found

    def others_wait(self, at_work: Mapping[str, int]) -> bool:
        """Whether a domain has messages that may leave and no session."""
        return any(not at_work.get(domain) and self.hold_of(domain) is None for domain in self._waiting_domains())

    def is_out_of_reach(self, destination: str) -> bool:
        rest = self._out_of_reach.get(destination)
        return rest is not None and rest[0] > monotonic()

    def allowance(self, destination: str) -> int | None:
        receiver = self.governor.receiver_of(destination)
        return self.governor.messages_per_connection(receiver) if receiver else None

    def sendable(self, enough: int) -> int:
        found: Counter[str] = Counter()
        for part in self.parts:
            self._sort(part)
            for domain, rows in part.kept.items() if not part.halted else ():
                found[domain] += len(rows)
        return sum(min(number, COUNTED_PER_DOMAIN) for domain, number in found.items() if self.hold_of(domain) is None)

    def waiting(self) -> dict[str, int]:
        found: Counter[str] = Counter()
        for domain, number in self._waiting_domains().items():
            found[self.governor.receiver_of(domain)] += number
        return dict(found)

    def holds(self, part: HeldPart) -> Iterator[tuple[str, Hold]]:
        for domain in part.kept:
            hold = self.hold_of(domain)
            if hold is not None:
                yield self.governor.receiver_of(domain) or domain, hold

    def hold_of(self, domain: str) -> Hold | None:
        """Why a domain gets nothing now."""
        until, _seconds, detail = self._out_of_reach.get(domain, (0.0, 0.0, ""))
        left = until - monotonic()
        if left > 0:
            return Hold(left, None, detail)
        receiver = self.governor.receiver_of(domain)
        return self.governor.hold(receiver) if receiver else None

    def _deserves(self, domain: str, waiting: int, at_work: int) -> bool:
        return at_work * MESSAGES_PER_SESSION < waiting and self.hold_of(domain) is None

    def _sort(self, part: HeldPart) -> None:
        while part.waiting:
            row = part.waiting.popleft()
            part.keep(domain_of(row.address), row)

    def _waiting_domains(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for part in self.parts:
            self._sort(part)
            for domain, rows in part.kept.items() if part.may_send else ():
                found[domain] += len(rows)
        return found
