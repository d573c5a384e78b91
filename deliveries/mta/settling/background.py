"""Settling beside the sending: a log of gigabytes is read in a thread of its own, and never twice at a time."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from django.db import connection

from deliveries.models import Delivery, Route
from deliveries.mta.clock import database_now
from deliveries.mta.settling.aging import fail_old_doubts
from deliveries.mta.settling.from_log import settle_routes

logger = logging.getLogger("diffusion.mta")
# At most this share of the time is spent reading logs.
SHARE = 0.05
# One process's own: what it does and until when it rests.
_lock = threading.Lock()
_rests_until = 0.0


def settle_in_background() -> threading.Thread | None:
    """Start the thread if something is in doubt and a log is here; None when there is nothing to do, or too soon."""
    fail_old_doubts(now=database_now())
    if time.monotonic() < _rests_until or not _something_to_read() or not _lock.acquire(blocking=False):
        return None
    thread = threading.Thread(target=_settle, name="settling", daemon=True)
    thread.start()
    return thread


def _something_to_read() -> bool:
    logs = Route.objects.exclude(relay_log="").values_list("relay_log", flat=True)
    return any(Path(log).exists() for log in logs) and Delivery.objects.filter(in_doubt__gt=0).exists()


def _settle() -> None:
    global _rests_until
    began = time.monotonic()
    try:
        settle_routes(now=database_now())
    except Exception:
        logger.exception("the logs of the relays could not be read")
    finally:
        connection.close()
        ended = time.monotonic()
        _rests_until = ended + (ended - began) / SHARE
        _lock.release()
