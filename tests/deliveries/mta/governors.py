"""A governor that a test tells what each receiver takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from deliveries.channels.base import SendResult
from deliveries.mta.governor import Governor, Hold


class ToldGovernor(Governor):
    """`left`: how many messages each limited domain still takes, None for no limit; the others are not limited."""

    def __init__(self, **left: int | None) -> None:
        self.left = {name.replace("_", "."): number for name, number in left.items()}
        self.holds: dict[str, Hold] = {}
        self.most_sessions: dict[str, int] = {}
        self.per_connection: int | None = None
        self.noted: list[tuple[str, SendResult]] = []
        self.refreshed: list[dict[str, int]] = []
        self.taken: Counter[str] = Counter()

    def receiver_of(self, domain: str) -> str:
        return domain if domain in self.left else ""

    def connections(self, receiver: str) -> int | None:
        return self.most_sessions.get(receiver)

    def messages_per_connection(self, receiver: str) -> int | None:
        return self.per_connection

    def take(self, receiver: str) -> bool:
        left = self.left.get(receiver)
        if left == 0:
            return False
        if left is not None:
            self.left[receiver] = left - 1
        self.taken[receiver] += 1
        return True

    def give_back(self, receiver: str) -> None:
        self.taken[receiver] -= 1
        left = self.left.get(receiver)
        if left is not None:
            self.left[receiver] = left + 1

    def hold(self, receiver: str) -> Hold | None:
        return self.holds.get(receiver) if self.left.get(receiver) == 0 else None

    def note(self, receiver: str, result: SendResult) -> SendResult:
        self.noted.append((receiver, result))
        return result

    def refresh(self, waiting: Mapping[str, int], now: datetime, sessions: Mapping[str, int] | None = None) -> None:
        self.refreshed.append(dict(waiting))

    def close(self, now: datetime) -> None: ...
