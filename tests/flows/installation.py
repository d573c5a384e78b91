"""A whole installation of its own, as processes: commands from outside, kill -9, and the sink's dump as the witness."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from psycopg import sql

from tests.services import POSTGRESQL_URL

# People of whom one in forty has a flaw of each kind; all were born on 6 October. The command reads how many.
FILL = """
import os
from datetime import UTC, date, datetime
from deliveries.models import DeliveryTemplate
from deliveries.routes import ensure_default_route
from operations import services
from operations.models import Operation, Workflow
from operations.workflow.definition import save_definition
from recipients.models import Recipient
now = datetime(2025, 10, 1, tzinfo=UTC)
ensure_default_route()
Recipient.objects.bulk_create(
    Recipient(first_name=f"Person{n}", email="" if n % 40 == 0 else f"person{n}@example.com",
              birth_date=date(1980, 10, 6), denylist_email=n % 40 == 1)
    for n in range(int(os.environ["PEOPLE"])))
template = DeliveryTemplate.objects.create(
    label="Birthday", subject="Hello {{ recipient.first_name }}", from_email="hello@example.com",
    html='<p><a href="https://www.example.com/">Gift</a> <a href="{{ message.unsubscribe_url }}">No more</a></p>')
operation = Operation.objects.create(label="Birthdays")
services.start_operation(operation=operation, now=now)
workflow = Workflow.objects.create(label="Birthdays", operation=operation, time_zone="Europe/Paris")
config = {"schedule": {"crontab": "0 6 6 10 *"}}
save_definition(workflow=workflow, document={
    "activities": [
        {"name": "tick", "type": "scheduler", "config": config},
        {"name": "who", "type": "query", "config": {"filter": {"field": "birth_date", "op": "anniversary"}}},
        {"name": "mail", "type": "recurring_delivery", "config": {"template": template.pk}}],
    "transitions": [
        {"source": "tick", "outlet": "out", "target": "who"},
        {"source": "who", "outlet": "out", "target": "mail"}]})
print(workflow.pk)
"""
PEOPLE = 5000
REACHABLE = PEOPLE - 2 * (PEOPLE // 40)


class Installation:
    def __init__(self, *, folder: Path, database_url: str, broker_url: str, smtp_url: str) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "campaign_site.settings",
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": database_url,
            "BROKER_URL": broker_url,
            "SMTP_URL": smtp_url,
            "TIME_ZONE": "Europe/Paris",
            "PEOPLE": str(PEOPLE),
            "LOG_LEVEL": "WARNING",
        }
        self.processes: list[subprocess.Popen[bytes]] = []
        self.log = (folder / "processes.log").open("ab")
        self.database_url = database_url

    def manage(self, *arguments: str) -> str:
        """The standard output of a command that must succeed."""
        done = subprocess.run(
            self._command(arguments), env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr[-2000:]}"
        return done.stdout

    def document(self, *arguments: str) -> Any:
        return json.loads(self.manage(*arguments, "--json"))

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._command(arguments),
            env={**self.environment, **(environment or {})},
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def rows(self, query: LiteralString) -> list[tuple[Any, ...]]:
        """What the database says, without the seconds that a command needs to start."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query).fetchall()

    def said(self) -> str:
        """What the processes have printed."""
        return (self.folder / "processes.log").read_text(errors="replace")

    def stop(self) -> None:
        for process in self.processes:
            _signal_group(process, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                kill(process)
        self.log.close()

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), *arguments]


def kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9 of the process and of all its children."""
    _signal_group(process, signal.SIGKILL)
    process.wait(timeout=10)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def wait_until(what: Callable[[], bool], *, seconds: float, why: Callable[[], str], pause: float = 0.3) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, why()
        time.sleep(pause)


@contextmanager
def postgresql_database(name: str) -> Iterator[str]:
    """An empty database on the test server, dropped at the end."""
    identifier = sql.Identifier(name)
    with psycopg.connect(POSTGRESQL_URL, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
    try:
        yield urlunsplit(urlsplit(POSTGRESQL_URL)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(POSTGRESQL_URL, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))
