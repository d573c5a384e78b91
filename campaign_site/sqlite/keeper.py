"""Each process keeps one connection to an SQLite file, from its first one on until it ends.

POSIX takes every lock on a file from a process that closes any descriptor of it. SQLite minds this while some
connection of the process holds a lock. But when the last one has just let go, its file is closed a moment later, and a
thread that takes a lock in between loses it (`unixClose` in `os_unix.c`, where the descriptor is closed after the mutex
was left; seen with 3.40.1). That thread goes on as if it had its lock, while another process finds itself alone with
the file, folds up the write-ahead log and deletes it: "disk I/O error", and soon "database disk image is malformed".
Threads that connect and disconnect, as those of web and worker do for each request and task, come across it within
seconds when no sender is alive. With a lock that is never let go there is no such moment, and no log is made anew for
each request.
"""

from __future__ import annotations

import atexit
import os
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Kept:
    connection: sqlite3.Connection
    # The file's device and number: another file may be put in its place.
    identity: tuple[int, int] | None


_kept: dict[str, Kept] = {}
_one_at_a_time = threading.Lock()


def keep_open(path: str | os.PathLike[str]) -> None:
    """Called before each connection to this file. Raises sqlite3.Error where that would."""
    name = os.fspath(path)
    with _one_at_a_time:
        kept = _kept.get(name)
        if kept is not None and kept.identity == _identity(name):
            return
        _kept[name] = Kept(_connect(name), _identity(name))
        if kept is not None:
            kept.connection.close()


def let_go() -> None:
    """Whoever is the last to let go writes the log back into the file."""
    with _one_at_a_time:
        _close_all()


def _before_fork() -> None:
    # Held until after it: a child must not inherit the lock from a thread that it does not have.
    _one_at_a_time.acquire()
    _close_all()


def _close_all() -> None:
    while _kept:
        _name, kept = _kept.popitem()
        kept.connection.close()


def _connect(name: str) -> sqlite3.Connection:
    # Its lock is asked for by whichever thread connects first, and let go by another.
    connection = sqlite3.connect(name, timeout=SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        # In this mode what was locked for the first read stays locked.
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _identity(name: str) -> tuple[int, int] | None:
    try:
        status = Path(name).stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


atexit.register(let_go)
# A child inherits what SQLite believes to hold, and none of the locks.
os.register_at_fork(before=_before_fork, after_in_parent=_one_at_a_time.release, after_in_child=_one_at_a_time.release)
