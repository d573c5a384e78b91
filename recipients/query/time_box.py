"""A limit on how long a read may take: a person waits for its answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, transaction

from common.sql import fetch_value

# SQLite asks whether to go on after so many of its instructions.
INSTRUCTIONS = 10_000


class OutOfTime(Exception):
    """The database was told to stop: the answer would have come too late."""


@contextmanager
def time_box(seconds: float) -> Iterator[None]:
    """Statements inside end after `seconds`, each; raises OutOfTime. For reads only."""
    box = _postgresql if connection.vendor == "postgresql" else _sqlite
    try:
        with box(seconds):
            yield
    except OperationalError as error:
        if not _is_interruption(error):
            raise
        raise OutOfTime from error


@contextmanager
def _postgresql(seconds: float) -> Iterator[None]:
    # In a transaction of its own, or a savepoint: after a timeout nothing else could be read in it.
    with transaction.atomic():
        before = fetch_value("SHOW statement_timeout")
        _set_timeout(f"{int(seconds * 1000)}ms")
        yield
        _set_timeout(before)


def _set_timeout(value: str) -> None:
    fetch_value("SELECT set_config('statement_timeout', %s, true)", [value])


@contextmanager
def _sqlite(seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    raw: Any = connection.connection
    deadline = time.monotonic() + seconds
    raw.set_progress_handler(lambda: time.monotonic() > deadline, INSTRUCTIONS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, INSTRUCTIONS)


def _is_interruption(error: OperationalError) -> bool:
    text = str(error)
    return "interrupted" in text or "statement timeout" in text
