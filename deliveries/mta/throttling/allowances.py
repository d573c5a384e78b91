"""What this process has leased for one receiver and may spend without asking anybody. Times are monotonic seconds."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

# A slot that nobody used for this long, or this share of the time to the next, is lost: caught up, it makes a burst.
SLOT_SECONDS, SLOT_SHARE = 0.05, 0.2
# How far ahead slots are leased; refreshing at least twice in this time leaves no gap.
HORIZON_SECONDS = 1.0
# How many messages are leased at once where nothing says how fast they leave.
SMALL_LEASE = 20


@dataclass(slots=True)
class Pace:
    """Messages per second, as instants at which one message may leave: however they are spent, no second has more."""

    rate: float
    slots: deque[float] = field(default_factory=deque)

    @property
    def patience(self) -> float:
        return max(SLOT_SECONDS, SLOT_SHARE / self.rate)

    def ready(self, at: float) -> bool:
        slots, too_late = self.slots, at - self.patience
        while slots and slots[0] < too_late:
            slots.popleft()
        return bool(slots) and slots[0] <= at

    def spend(self) -> None:
        self.slots.popleft()

    def give_back(self, at: float) -> None:
        self.slots.appendleft(at)

    def wait(self, at: float) -> float:
        """Seconds until the next slot; with none leased, as long as one takes."""
        if self.slots:
            return max(self.slots[0] - at, 0.001)
        return min(1 / self.rate, HORIZON_SECONDS / 2)

    def wanted(self, waiting: int, at: float) -> int:
        held = sum(1 for slot in tuple(self.slots) if slot >= at - self.patience)
        return max(0, min(waiting, math.ceil(self.rate * HORIZON_SECONDS)) - held)

    def add(self, slots: Iterable[float]) -> None:
        self.slots.extend(slots)


@dataclass(slots=True)
class Quota:
    """So many messages until an instant: of an hour's slice, of a day."""

    left: int = 0
    # Nothing more until then, for everybody.
    exhausted_until: float = 0.0
    # What was leased belongs to this period and is worth nothing in the next one.
    ends_at: float = 0.0

    def ready(self, at: float) -> bool:
        return self.left > 0 and at < self.ends_at

    def spend(self) -> None:
        self.left -= 1

    def give_back(self, at: float) -> None:
        if at < self.ends_at:
            self.left += 1

    def wait(self, at: float) -> float:
        return max(self.exhausted_until - at, 0.1)

    def wanted(self, waiting: int, recent: float, at: float) -> int:
        """`recent` messages per second leave now: what half a second needs, in small amounts."""
        held = self.left if at < self.ends_at else 0
        return max(0, min(waiting, max(SMALL_LEASE, math.ceil(recent / 2))) - held)

    def take_unspent(self, at: float) -> int:
        """What goes back to the others; nothing of a period that is over."""
        unspent, self.left = (self.left if at < self.ends_at else 0), 0
        return unspent
