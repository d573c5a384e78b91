"""Leases and due dates follow the database's clock; a holder judges its own lease by a clock that nobody can set."""

from __future__ import annotations

import time
from datetime import datetime

from django.db import connection
from django.utils import timezone

from common.sql import fetch_value

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def database_now() -> datetime:
    """The database's time. SQLite has no server: its clock is this machine's."""
    if connection.vendor == "postgresql":
        now: datetime = fetch_value("SELECT clock_timestamp()")
        return now
    return timezone.now()


def monotonic() -> float:
    """Seconds that go on while the machine sleeps, so that a lease is never thought longer than it was."""
    return time.clock_gettime(_CLOCK)
