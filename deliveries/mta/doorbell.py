"""The doorbell: wakes senders that sleep between two looks. A lost ring costs a second, never a message."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from common.sql import execute

logger = logging.getLogger("diffusion.mta")
CHANNEL = "diffusion_mta"


def ring() -> None:
    """Parts became due. Within a transaction PostgreSQL rings at its commit."""
    if connection.vendor == "postgresql":
        execute(f"NOTIFY {CHANNEL}")
    else:
        _file().touch()


def _file() -> Path:
    return Path(settings.VAR_DIR) / "doorbell"


class Doorbell:
    """Calls `wake` in the event loop when somebody rings. Without a connection it is silent until the next `watch`."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._connection: psycopg.Connection[Any] | None = None
        # A copy of the connection's descriptor, which is closed by nobody but us: the number of one that the driver
        # closed goes to the next connection, and the event loop would take its data for a ring.
        self._watched: int | None = None
        self._touched = self._last_touch()

    def connect(self) -> None:
        """Called in the database thread; on SQLite there is nothing to connect."""
        if connection.vendor == "postgresql" and self._connection is None:
            try:
                self._connection = _listen()
            except psycopg.Error as error:
                logger.warning("the doorbell is silent: %s", error)

    def watch(self) -> None:
        """Called in the event loop after each `connect`."""
        if self._connection is None or self._watched is not None:
            return
        try:
            self._watched = os.dup(self._connection.fileno())
        except psycopg.Error:
            # Lost since; `connect` makes another.
            self.close()
            return
        asyncio.get_running_loop().add_reader(self._watched, self._read)

    def look(self) -> None:
        """SQLite: was the file touched since the last look?"""
        touched = self._last_touch()
        if touched != self._touched:
            self._touched = touched
            self._wake()

    def close(self) -> None:
        watched, self._watched = self._watched, None
        if watched is not None:
            asyncio.get_running_loop().remove_reader(watched)
            os.close(watched)
        listening, self._connection = self._connection, None
        if listening is not None:
            listening.close()

    def _read(self) -> None:
        if self._connection is None:
            return
        try:
            self._connection.pgconn.consume_input()
            rung = self._connection.pgconn.notifies() is not None
            while self._connection.pgconn.notifies() is not None:
                rung = True
        except psycopg.Error as error:
            logger.warning("the doorbell is silent: %s", error)
            self.close()
            return
        if rung:
            self._wake()

    def _last_touch(self) -> float:
        try:
            return _file().stat().st_mtime
        except FileNotFoundError:
            return 0.0


def _listen() -> psycopg.Connection[Any]:
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(name, None)
    listening = psycopg.connect(**{**parameters, "autocommit": True})
    listening.execute(f"LISTEN {CHANNEL}")
    return listening
