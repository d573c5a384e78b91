"""The same code on PostgreSQL with Celery on Redis and on RabbitMQ: two workers, two beats, two MTAs, lost messages."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.installation import (
    DENYLISTED,
    FILL,
    PEOPLE,
    WITHOUT_ADDRESS,
    Installation,
    postgresql_database,
    wait_until,
)
from tests.services import RABBITMQ_URL, REDIS_URL
from tests.smtp_server import Sink, smtp_sink

pytestmark = [pytest.mark.postgresql, pytest.mark.smtp_sink, pytest.mark.slow, pytest.mark.xdist_group("processes")]
EXPECTED = PEOPLE - WITHOUT_ADDRESS - DENYLISTED
INSTANT = "2025-10-06T06:00:00+02:00"


@pytest.fixture(
    params=[pytest.param("redis", marks=pytest.mark.redis), pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)]
)
def broker_url(request: pytest.FixtureRequest) -> str:
    return {"redis": REDIS_URL, "rabbitmq": RABBITMQ_URL}[request.param]


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    with smtp_sink(tmp_path) as running:
        yield running


@pytest.fixture
def installation(tmp_path: Path, broker_url: str, sink: Sink) -> Iterator[Installation]:
    with postgresql_database(f"diffusion_flow_{broker_url.partition(':')[0]}") as database_url:
        made = Installation(
            folder=tmp_path, database_url=database_url, broker_url=broker_url, smtp_url=f"smtp://127.0.0.1:{sink.port}"
        )
        try:
            yield made
        finally:
            made.stop()


def test_the_birthday_flow_reaches_everybody_once(installation: Installation, sink: Sink) -> None:
    installation.manage("migrate")
    workflow = installation.manage("shell", "-v", "0", "-c", FILL).strip()
    for process in ("worker", "worker", "beat", "beat"):
        installation.start(process)
    for name in ("left", "right"):
        installation.start("mta", "start", "--name", name)

    run = installation.document("workflow", "run-now", workflow, "--for", INSTANT)
    ring_the_doorbell_wrongly(installation)
    same = installation.document("workflow", "run-now", workflow, "--for", INSTANT)

    assert same["id"] == run["id"]
    wait_until(lambda: _finished(installation), seconds=90, why="the delivery did not finish")
    copies = Counter(_recipients(sink))
    assert len(copies) == EXPECTED
    assert set(copies.values()) == {1}
    ledger = installation.document("ledger")
    assert ledger["ok"] is True
    assert [line["sent"] for line in ledger["lines"]] == [EXPECTED]


def ring_the_doorbell_wrongly(installation: Installation) -> None:
    """Doubled, foreign and broken messages: none may change who gets what."""
    script = """
from operations.tasks import advance_run, sweep
for _ in range(20):
    sweep.delay()
    advance_run.delay(run_id=1)
    advance_run.delay(run_id=10**9)
"""
    installation.manage("shell", "-v", "0", "-c", script)


def _finished(installation: Installation) -> bool:
    done = subprocess.run(
        installation._command(("delivery", "status", "1", "--json")),
        env=installation.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0 and json.loads(done.stdout)["state"] == "finished"


def _recipients(sink: Sink) -> list[str]:
    found = [re.search(rb"^To: .*?(person\d+@example\.com)", mail, re.MULTILINE) for mail in sink.dumps()]
    return [match.group(1).decode() for match in found if match]
