"""A whole installation of its own: scratch VAR_DIR and database, real processes, a sink to send to."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from django.conf import settings

from tests.services import POSTGRESQL_URL
from tests.smtp_server import Sink

MANAGE = Path(settings.BASE_DIR) / "manage.py"


@dataclass
class Row:
    address: str
    status: int
    in_doubt: bool


@dataclass
class Account:
    """What the database says of the one delivery."""

    state: int
    rows: list[Row]
    difference: int


class Installation:
    def __init__(self, folder: Path, *, database_url: str, smtp_port: int, **environment: str) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
            "VAR_DIR": str(folder),
            "DATABASE_URL": database_url or f"sqlite:///{folder}/test.sqlite3",
            "SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
            "SECRET_KEY": "only-for-tests-" + "0123456789abcdef" * 3,
            "PYTHONPATH": str(settings.BASE_DIR),
            **environment,
        }

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(MANAGE), *arguments], env=self.environment, capture_output=True, text=True
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self.folder / "processes.log").open("ab")
        command = [sys.executable, str(MANAGE), *arguments]
        return subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def log(self) -> str:
        return (self.folder / "processes.log").read_text()

    def prepare(self, count: int, *, connections: int) -> None:
        """The tables, and a delivery in progress with `count` rows."""
        migrated = self.manage("migrate", "-v0", "--skip-checks")
        assert migrated.returncode == 0, migrated.stderr
        self._rows("fill", str(count), str(connections))

    def account(self) -> Account:
        answer: dict[str, Any] = json.loads(self._rows("show"))
        return Account(answer["state"], [Row(*row) for row in answer["rows"]], answer["difference"])

    def state(self) -> int:
        return self._numbers("SELECT state FROM deliveries_delivery")[0]

    def senders(self) -> list[int]:
        """The process numbers of the senders that say they are alive."""
        return self._numbers("SELECT pid FROM installation_process WHERE kind = 'mta'")

    def _numbers(self, statement: LiteralString) -> list[int]:
        """Asked without a Django process of its own: tests poll."""
        url = self.environment["DATABASE_URL"]
        if url.startswith("sqlite"):
            with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
                return [int(number) for (number,) in connection.execute(statement)]
        with psycopg.connect(url) as server:
            return [int(number) for (number,) in server.execute(statement)]

    def _rows(self, *arguments: str) -> str:
        command: Sequence[str] = [sys.executable, "-m", "tests.faults.rows", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, cwd=settings.BASE_DIR)
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def scratch_postgresql(name: str) -> Iterator[str]:
    """The URL of a database that exists for the time of a test."""
    server, _slash, _database = POSTGRESQL_URL.rpartition("/")
    with psycopg.connect(POSTGRESQL_URL, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{server}/{name}"
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def recipients_in(sink: Sink) -> list[str]:
    """Whom every mail that the sink took was for, as the envelope said."""
    found = []
    for path in sink.folder.iterdir():
        dump = path.read_bytes()
        if b"\nReceived: " in dump:
            found.append(dump.partition(b"\nX-Rcpt-Args: <")[2].partition(b">")[0].decode())
    return found
