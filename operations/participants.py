"""What belongs to an operation downstream: stopped with it, and asked whether it is still at work."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from common.registry import Registry


class Participant(Protocol):
    def stop(self, operation_id: int, *, now: datetime) -> int:
        """Stop everything of this operation, each thing in its own transaction; return how many. Repeatable."""

    def busy(self, operation_id: int) -> int:
        """How many things are still at work."""

    def at_stake(self, operation_id: int) -> list[str]:
        """What a stop would end, in sentences for whoever is about to ask for it."""


participants: Registry[Participant] = Registry("operation participants")
