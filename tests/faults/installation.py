"""A whole installation of its own: scratch VAR_DIR and database, real processes, a sink to send to."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from django.conf import settings

from deliveries.models import DeliveryState
from tests.services import POSTGRESQL_URL

MANAGE = Path(settings.BASE_DIR) / "manage.py"
# Threads of one process that open and close an SQLite file may lose its locks (see `campaign_site.sqlite.keeper`).
_one_at_a_time = threading.Lock()


class Installation:
    """Two of them may share a database: then they are two hosts."""

    def __init__(self, folder: Path, *, database_url: str, smtp_port: int, **environment: str) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.database_url = database_url or f"sqlite:///{folder}/test.sqlite3"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
            "VAR_DIR": str(folder),
            "DATABASE_URL": self.database_url,
            "SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
            "SECRET_KEY": "only-for-tests-" + "0123456789abcdef" * 3,
            "PYTHONPATH": str(settings.BASE_DIR),
            **environment,
        }

    def manage(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(MANAGE), *arguments]
        return subprocess.run(command, env={**self.environment, **environment}, capture_output=True, text=True)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        log = (self.folder / "processes.log").open("ab")
        command = [sys.executable, str(MANAGE), *arguments]
        return subprocess.Popen(
            command, env={**self.environment, **environment}, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )

    def start_sender(self, **environment: str) -> subprocess.Popen[bytes]:
        return self.start("mta", "sender", **environment)

    def log(self) -> str:
        path = self.folder / "processes.log"
        return path.read_text() if path.exists() else ""

    def told(self) -> str:
        """The log and the tables, for whoever looks into a failure."""
        tables = ("deliveries_delivery", "deliveries_deliverypart", "installation_process")
        rows = [str(row) for table in tables for row in self.query(f"SELECT * FROM {table}")]
        return "\n".join([self.log()[-5000:], *rows])

    def migrate(self) -> None:
        migrated = self.manage("migrate", "-v0", "--skip-checks")
        assert migrated.returncode == 0, migrated.stderr

    def fill(self, count: int, *, connections: int, **values: str) -> None:
        """A delivery in progress with `count` rows."""
        given = [f"{name}={value}" for name, value in values.items()]
        command = [sys.executable, "-m", "tests.faults.rows", "fill", str(count), str(connections), *given]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, cwd=settings.BASE_DIR)
        assert done.returncode == 0, done.stderr

    def prepare(self, count: int, *, connections: int, **values: str) -> None:
        self.migrate()
        self.fill(count, connections=connections, **values)

    def query(self, statement: LiteralString) -> list[tuple[Any, ...]]:
        """Asked without a Django process of its own: tests poll."""
        if self.database_url.startswith("sqlite"):
            path = self.database_url.removeprefix("sqlite:///")
            with _one_at_a_time, contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
                return connection.execute(statement).fetchall()
        with psycopg.connect(self.database_url) as server:
            return server.execute(statement).fetchall()

    def execute(self, statement: LiteralString) -> None:
        if self.database_url.startswith("sqlite"):
            path = self.database_url.removeprefix("sqlite:///")
            with _one_at_a_time, contextlib.closing(sqlite3.connect(path, timeout=30)) as connection, connection:
                connection.execute(statement)
        else:
            with psycopg.connect(self.database_url) as server:
                server.execute(statement)

    def number(self, statement: LiteralString) -> int:
        return int(self.query(statement)[0][0])

    def state(self) -> int:
        return self.number("SELECT state FROM deliveries_delivery")

    def senders(self) -> list[int]:
        """The process numbers of the senders that say they are alive."""
        return [pid for (pid,) in self.query("SELECT pid FROM installation_process WHERE kind = 'mta'")]

    def finish(self, *, seconds: float = 90) -> None:
        """Send whatever is left, unhindered."""
        with self.sending() as sender:
            self.wait_until(lambda: self.state() == DeliveryState.FINISHED, seconds=seconds)
            sender.terminate()
            assert sender.wait(timeout=60) == 0, self.log()

    @contextmanager
    def sending(self, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        """A sender for the time of a block; whatever happens there, none is left behind."""
        sender = self.start_sender(**environment)
        try:
            yield sender
        finally:
            if sender.poll() is None:
                sender.send_signal(signal.SIGCONT)
                sender.kill()
            sender.wait()

    @contextmanager
    def running(self, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        """A supervised process for the time of a block; with it end those that it started."""
        process = self.start(*arguments, **environment)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pid in self.senders():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def wait_until(self, done: Callable[[], bool], *, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, self.told()
            time.sleep(0.05)


@contextmanager
def scratch_postgresql(name: str, *, template: str = "template1") -> Iterator[str]:
    """The URL of a database that exists for the time of a test."""
    server, _slash, _database = POSTGRESQL_URL.rpartition("/")
    with psycopg.connect(POSTGRESQL_URL, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield f"{server}/{name}"
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def copy_of(original: Installation, folder: Path, *, smtp_port: int, **environment: str) -> Installation:
    """An installation on SQLite that begins where another one is."""
    folder.mkdir(exist_ok=True)
    for path in original.folder.glob("test.sqlite3*"):
        shutil.copy(path, folder / path.name)
    return Installation(folder, database_url="", smtp_port=smtp_port, **environment)
