"""What a relay's log can say of a message, and the formats that are understood."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from common.registry import Registry


class Sight(enum.Enum):
    """What the relay did with a message that its log names."""

    SEEN = "seen"  # it read the headers; nothing says that it took the message
    TAKEN = "taken"  # it answered for it: in its queue, deferred, or gone on
    BOUNCED = "bounced"  # taken, and refused for good further on


@dataclass(frozen=True, slots=True)
class Sighting:
    sight: Sight
    # The refusal: its RFC 3463 code and its text.
    enhanced: str = ""
    detail: str = ""


class LogReader(ABC):
    """Fed with the lines of a log, oldest first; remembers what they say of the broadlogs it is asked about.

    Its memory is bounded by the number of broadlogs, whatever the log holds.
    """

    def __init__(self, broadlogs: Collection[int]) -> None:
        self.wanted = frozenset(broadlogs)
        self.sightings: dict[int, Sighting] = {}

    @abstractmethod
    def feed(self, line: bytes) -> None:
        """Read one line. Never raises, whatever the line holds."""

    @staticmethod
    @abstractmethod
    def time_of(line: bytes, now: datetime) -> datetime | None:
        """When the line was written; None for a line that does not say so."""


log_formats: Registry[type[LogReader]] = Registry("formats of relay logs")
