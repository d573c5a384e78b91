"""When a part whose messages were refused for now is tried again."""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import datetime, timedelta

from recipients.vocabulary import FailureReason

MINUTES = (5, 15, 30, 60)
LATER_MINUTES = 120
# Nobody empties a mailbox within minutes.
MAILBOX_FULL_MINUTES = (60, 120)
MAILBOX_FULL_LATER = 360
JITTER = 0.2


def next_attempt_at(
    attempt: int, *, now: datetime, reasons: Collection[int | None] = (), spread: float | None = None
) -> datetime:
    """After attempt number `attempt` (from 0), whose messages failed for these reasons; the soonest of their plans.

    `spread` from -1 to 1 places it within ±20 %; random unless given.
    """
    minutes = _mailbox_full(attempt) if set(reasons) == {FailureReason.MAILBOX_FULL} else _ordinary(attempt)
    share = random.uniform(-1, 1) if spread is None else spread
    return now + timedelta(minutes=minutes * (1 + JITTER * share))


def _ordinary(attempt: int) -> int:
    return MINUTES[attempt] if attempt < len(MINUTES) else LATER_MINUTES


def _mailbox_full(attempt: int) -> int:
    return MAILBOX_FULL_MINUTES[attempt] if attempt < len(MAILBOX_FULL_MINUTES) else MAILBOX_FULL_LATER
