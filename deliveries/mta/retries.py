"""When a part whose messages were refused for now is tried again."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

MINUTES = (5, 15, 30, 60)
LATER_MINUTES = 120
JITTER = 0.2


def next_attempt_at(attempt: int, *, now: datetime, spread: float | None = None) -> datetime:
    """After attempt number `attempt` (from 0). `spread` from -1 to 1 places it within ±20 %; random unless given."""
    minutes = MINUTES[attempt] if attempt < len(MINUTES) else LATER_MINUTES
    share = random.uniform(-1, 1) if spread is None else spread
    return now + timedelta(minutes=minutes * (1 + JITTER * share))
