"""One receiver as this process sees it: its limit, what is leased for it, what it taught us lately."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from deliveries.mta.throttling.allowances import Pace, Quota
from deliveries.mta.throttling.breaker import Breaker
from deliveries.mta.throttling.rules import UNLIMITED, Limit
from deliveries.mta.throttling.states import WELL, State
from deliveries.mta.throttling.warm_up import Plan

# The rate is that of the last seconds.
RATE_SECONDS = 10.0
MARK_EVERY = 1.0


@dataclass(slots=True, eq=False)
class Receiver:
    name: str
    label: str
    made_at: float
    limit: Limit = UNLIMITED
    plan: Plan | None = None
    state: State = WELL
    breaker: Breaker = field(default_factory=Breaker)
    pace: Pace | None = None
    hour: Quota | None = None
    day: Quota | None = None
    # Nothing until then; infinite until somebody decides.
    paused_until: float = 0.0
    reason: str = ""
    slowed_at: float = -math.inf
    # When messages last waited for it here.
    wanted_at: float = -math.inf
    # How many messages and connections were noted, and how many at some instants before.
    seen: int = 0
    marks: deque[tuple[float, int]] = field(default_factory=deque)

    @property
    def is_limited(self) -> bool:
        return bool(
            self.limit is not UNLIMITED
            or self.plan is not None
            or self.pace is not None
            or self.paused_until
            or self.state is not WELL
        )

    @property
    def quotas(self) -> list[Quota]:
        return [quota for quota in (self.hour, self.day) if quota is not None]

    def take(self, at: float) -> bool:
        if self.paused_until > at or not all(quota.ready(at) for quota in self.quotas):
            return False
        if self.pace is not None:
            if not self.pace.ready(at):
                return False
            self.pace.spend()
        for quota in self.quotas:
            quota.spend()
        return True

    def give_back(self, at: float) -> None:
        if self.pace is not None:
            self.pace.give_back(at)
        for quota in self.quotas:
            quota.give_back(at)

    def mark(self, at: float) -> None:
        if not self.marks or at - self.marks[-1][0] >= MARK_EVERY:
            self.marks.append((at, self.seen))
        while len(self.marks) > 1 and at - self.marks[0][0] > RATE_SECONDS:
            self.marks.popleft()

    def rate(self, at: float) -> float:
        """Messages per second over the last seconds, of this process."""
        since, seen = self.marks[0] if self.marks else (self.made_at, 0)
        return (self.seen - seen) / max(1.0, at - since)
