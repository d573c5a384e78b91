"""F07: every task comes three times, some again because a worker was slow, and all of them once more after three days.

A visibility timeout of 5 seconds and tasks of 30 are scaled down to 1 second and SLOW_SECONDS.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from deliveries.models import DeliveryState
from operations.models import RunState
from tests.faults.conftest import DATABASE
from tests.faults.installation import scratch_postgresql
from tests.faults.witness import Witness, witness
from tests.flows.installation import FILL, Installation, wait_until
from tests.flows.test_scale import INSTANT, QUEUE, processes, state, stranger, wipe
from tests.services import RABBITMQ_URL, REDIS_URL

pytestmark = [pytest.mark.postgresql, pytest.mark.smtp_sink, pytest.mark.slow, pytest.mark.xdist_group("faults")]
PEOPLE = 400
REACHABLE = PEOPLE - 2 * (PEOPLE // 40)
COPIES = 3
SLOW_SECONDS = 4
TIMES = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public' AND data_type = 'timestamp with time zone'
"""
# All that a run leaves behind, in numbers.
LEFT_BEHIND = """
SELECT (SELECT count(*) FROM operations_workflowrun), (SELECT count(*) FROM operations_activityrun),
    (SELECT count(*) FROM deliveries_delivery), (SELECT count(*) FROM deliveries_preparation),
    (SELECT count(*) FROM deliveries_broadlog), (SELECT sum(attempts) FROM deliveries_broadlog)
"""


@pytest.fixture(
    params=[pytest.param("redis", marks=pytest.mark.redis), pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)]
)
def broker_url(request: pytest.FixtureRequest) -> Iterator[str]:
    url = {"redis": REDIS_URL, "rabbitmq": RABBITMQ_URL}[request.param]
    wipe(url)
    yield url
    wipe(url)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Witness]:
    with witness(tmp_path) as running:
        yield running


@pytest.fixture
def installation(tmp_path: Path, broker_url: str, sink: Witness, migrated_postgresql: str) -> Iterator[Installation]:
    with scratch_postgresql(DATABASE, template=migrated_postgresql) as database_url:
        made = Installation(
            folder=tmp_path, database_url=database_url, broker_url=broker_url, smtp_url=f"smtp://127.0.0.1:{sink.port}"
        )
        made.environment["PEOPLE"] = str(PEOPLE)
        made.environment["DJANGO_SETTINGS_MODULE"] = "tests.faults.doubling_settings"
        try:
            yield made
        finally:
            made.stop()


def test_f07_doubled_and_late_tasks_have_no_effect(installation: Installation, sink: Witness, broker_url: str) -> None:
    workflow = installation.manage("shell", "-v", "0", "-c", FILL).strip()
    start_everything(installation)

    run_slowly(installation, workflow, redelivers=broker_url.startswith("redis"))
    wait_until(lambda: state(installation) == DeliveryState.FINISHED, seconds=60, why=installation.said)
    check_once(installation, sink)
    before = starts(installation)
    assert max(copies_of(before).values()) >= COPIES
    left_behind = installation.rows(LEFT_BEHIND)

    let_three_days_pass(installation)
    replay(before, broker_url)

    wait_until(lambda: all_came_again(before, starts(installation)), seconds=20, why=installation.said)
    # What these tasks might have asked for would come now.
    time.sleep(2)
    assert installation.rows(LEFT_BEHIND) == left_behind
    check_once(installation, sink)
    assert installation.document("ledger")["ok"] is True


def start_everything(installation: Installation) -> None:
    """One task at a time: what a worker has fetched waits for the one at hand."""
    for _number in range(2):
        installation.start("worker", "--concurrency", "1")
    installation.start("beat")
    installation.start("mta", "start")
    wait_until(lambda: processes(installation) == 4, seconds=60, why=installation.said)


def run_slowly(installation: Installation, workflow: str, *, redelivers: bool) -> None:
    """The tasks of the run wait for the table of the people, and what else their workers fetched waits for them."""
    with psycopg.connect(installation.database_url) as slow:
        slow.execute("LOCK TABLE recipients_recipient IN ACCESS EXCLUSIVE MODE")
        installation.document("workflow", "run-now", workflow, "--for", INSTANT)
        time.sleep(SLOW_SECONDS)
        if redelivers:
            wait_until(lambda: was_redelivered(installation), seconds=20, why=installation.said)


def was_redelivered(installation: Installation) -> bool:
    """Has another worker run what one had fetched?"""
    return any(start["redelivered"] for start in starts(installation))


def starts(installation: Installation) -> list[dict[str, Any]]:
    path = installation.folder / "var" / "starts.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def copies_of(started: list[dict[str, Any]]) -> Counter[str]:
    return Counter(start["id"] for start in started)


def all_came_again(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> bool:
    earlier, later = copies_of(before), copies_of(after)
    return all(later[number] > copies for number, copies in earlier.items())


def replay(started: list[dict[str, Any]], broker_url: str) -> None:
    """Every task that the run had, under its own number."""
    application = stranger(broker_url)
    for number, task in {start["id"]: start for start in started}.items():
        application.send_task(task["name"], kwargs=task["kwargs"], task_id=number, queue=QUEUE)


def let_three_days_pass(installation: Installation) -> None:
    """All that happened happened three days ago."""
    with psycopg.connect(installation.database_url) as connection:
        for table, column in connection.execute(TIMES).fetchall():
            shift = sql.SQL("UPDATE {} SET {} = {} - interval '3 days'")
            connection.execute(shift.format(sql.Identifier(table), sql.Identifier(column), sql.Identifier(column)))


def check_once(installation: Installation, sink: Witness) -> None:
    sink.look()
    assert sink.twice() == []
    assert len(sink.copies) == REACHABLE
    assert installation.rows("SELECT count(*), min(state) FROM operations_workflowrun") == [(1, RunState.FINISHED)]
    assert installation.rows("SELECT count(*), min(sent) FROM deliveries_delivery") == [(1, REACHABLE)]
    assert "Traceback" not in installation.said()
