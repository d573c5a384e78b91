"""The instant against which relative dates are evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class FilterContext:
    """`instant` is zone-aware; "today" is its date in `zone`."""

    instant: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        return self.instant.astimezone(self.zone).date()
