"""The same code on PostgreSQL with Celery on Redis and on RabbitMQ: two workers, two beats, two MTAs, and all that can
happen to them in one run. The judge is what the sink received."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery

from deliveries.models import DeliveryState
from deliveries.mta.journal import ClaimRecord, PartKey, read_journal
from operations.models import RunState
from tests.flows.installation import FILL, REACHABLE, Installation, kill, postgresql_database, wait_until
from tests.services import RABBITMQ_URL, REDIS_URL
from tests.smtp_server import Sink, smtp_sink

pytestmark = [pytest.mark.postgresql, pytest.mark.smtp_sink, pytest.mark.slow, pytest.mark.xdist_group("processes")]
INSTANT = "2025-10-06T06:00:00+02:00"
QUEUE = "diffusion"
# What one sender holds open at most: it leaves at most so many messages in doubt when it is killed.
SESSIONS = 16
MIDDLE = REACHABLE // 5


@pytest.fixture(
    params=[pytest.param("redis", marks=pytest.mark.redis), pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)]
)
def broker_url(request: pytest.FixtureRequest) -> str:
    return {"redis": REDIS_URL, "rabbitmq": RABBITMQ_URL}[request.param]


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    # One mail in twenty is answered a second late: whoever is killed is in the middle of something.
    with smtp_sink(tmp_path, "-p", "-W", ".:1:5") as running:
        yield running


@pytest.fixture
def installation(tmp_path: Path, broker_url: str, sink: Sink) -> Iterator[Installation]:
    wipe(broker_url)
    with postgresql_database(f"diffusion_flow_{broker_url.partition(':')[0]}") as database_url:
        made = Installation(
            folder=tmp_path, database_url=database_url, broker_url=broker_url, smtp_url=f"smtp://127.0.0.1:{sink.port}"
        )
        try:
            yield made
        finally:
            made.stop()


def test_the_birthday_flow_reaches_everybody_once_whatever_happens_on_the_way(
    installation: Installation, sink: Sink, broker_url: str
) -> None:
    installation.manage("migrate")
    workflow = installation.manage("shell", "-v", "0", "-c", FILL).strip()
    worker = start_everything(installation)

    # The broker forgets everything: the run below has no message that asks for it.
    wipe(broker_url)
    run = installation.document("workflow", "run-now", workflow, "--for", INSTANT)
    ring_wrongly(broker_url)
    killed, living = senders(installation)
    wait_until(lambda: mails_in(sink) >= MIDDLE, seconds=60, why=installation.said, pause=0.01)
    os.kill(killed.pid, signal.SIGKILL)
    kill(worker)
    wipe(broker_url)
    same = installation.document("workflow", "run-now", workflow, "--for", INSTANT)
    wait_until(lambda: state(installation) == DeliveryState.FINISHED, seconds=60, why=installation.said)

    assert same["id"] == run["id"]
    check_mails(installation, sink)
    check_journals(installation, killed, living)
    check_accounts(installation)


def start_everything(installation: Installation) -> subprocess.Popen[bytes]:
    """Two of each; returns one of the workers, once all six are alive."""
    workers = [installation.start("worker") for _number in range(2)]
    for _number in range(2):
        installation.start("beat")
    for name in ("left", "right"):
        installation.start("mta", "start", "--name", name)
    wait_until(lambda: processes(installation) == 6, seconds=60, why=installation.said)
    return workers[0]


def stranger(broker_url: str) -> Celery:
    """Another application on the same broker."""
    return Celery("stranger", broker=broker_url, set_as_current=False)


def wipe(broker_url: str) -> None:
    """All messages are gone; in Redis also what the clients declared."""
    if broker_url.startswith("redis"):
        redis.Redis.from_url(broker_url).flushdb()
        return
    with stranger(broker_url).connection_for_write() as connection:
        channel = connection.default_channel
        channel.queue_declare(QUEUE, durable=True, auto_delete=False)
        channel.queue_purge(QUEUE)


def ring_wrongly(broker_url: str) -> None:
    """Doubled, foreign and broken messages."""
    application = stranger(broker_url)
    for _number in range(20):
        application.send_task("operations.sweep", queue=QUEUE)
        application.send_task("operations.advance_run", kwargs={"run_id": 1}, queue=QUEUE)
        application.send_task("operations.advance_run", kwargs={"run_id": 10**9}, queue=QUEUE)
        application.send_task("deliveries.prepare", kwargs={"unknown": ["argument"]}, queue=QUEUE)
        application.send_task("somebody.elses.task", args=[1], queue=QUEUE)
    with application.connection_for_write() as connection:
        connection.Producer().publish(b"{", routing_key=QUEUE, content_type="application/json")


class Sender:
    """A sending process as the installation's table names it, with the journal that it writes."""

    def __init__(self, uid: str, pid: int, folder: Path) -> None:
        self.uid, self.pid = uid, pid
        self.journal = folder / f"{uid}.journal"


def processes(installation: Installation) -> int:
    ((number,),) = installation.rows("SELECT count(*) FROM installation_process")
    return int(number)


def senders(installation: Installation) -> list[Sender]:
    folder = installation.folder / "var" / "journal"
    rows = installation.rows("SELECT uid, pid FROM installation_process WHERE kind = 'mta' ORDER BY name")
    return [Sender(uid, pid, folder) for uid, pid in rows]


def state(installation: Installation) -> int | None:
    rows = installation.rows("SELECT state FROM deliveries_delivery")
    return rows[0][0] if rows else None


def mails_in(sink: Sink) -> int:
    return sum(1 for _path in sink.folder.iterdir())


def recipients(sink: Sink) -> list[str]:
    found = [re.search(rb"^To: .*?(person\d+@example\.com)", mail, re.MULTILINE) for mail in sink.dumps()]
    return [match.group(1).decode() for match in found if match]


def claims_in(path: Path) -> dict[PartKey, ClaimRecord]:
    return read_journal(path.read_bytes())


def check_mails(installation: Installation, sink: Sink) -> None:
    copies = Counter(recipients(sink))
    rows = installation.rows("SELECT address, in_doubt_since IS NOT NULL, status FROM deliveries_broadlog")
    doubtful = {address for address, in_doubt, _status in rows if in_doubt}
    sent = {address for address, _in_doubt, status in rows if status == 1}
    assert [address for address, number in copies.items() if number > 1] == []
    assert sent <= set(copies) <= sent | doubtful
    assert len(sent) + len(doubtful) == REACHABLE
    assert len(doubtful) <= SESSIONS


def check_journals(installation: Installation, killed: Sender, living: Sender) -> None:
    """The dead one's journal was settled, the living one's was left alone: by its neighbour and by the newcomer."""
    assert living.journal.exists()
    dead = claims_in(killed.journal.with_suffix(".done"))
    alive = claims_in(living.journal)
    assert dead
    assert alive
    assert not dead.keys() & alive.keys()
    assert not any(record.intents for record in alive.values())
    intents = {number for record in dead.values() for number in record.intents}
    doubts = installation.rows("SELECT id FROM deliveries_broadlog WHERE in_doubt_since IS NOT NULL")
    assert {number for (number,) in doubts} == intents
    assert "of a dead sender settled" in installation.said()
    assert "no longer held" not in installation.said()
    assert [sender.uid for sender in senders(installation)].count(living.uid) == 1


def check_accounts(installation: Installation) -> None:
    ledger = installation.document("ledger")
    (line,) = ledger["lines"]
    assert ledger["ok"] is True
    assert (line["sent"] + line["in_doubt"], line["pending"]) == (REACHABLE, 0)
    assert installation.rows("SELECT count(*) FROM operations_workflowrun WHERE NOT manual") == [(0,)]
    assert installation.rows("SELECT count(*), min(state) FROM operations_workflowrun") == [(1, RunState.FINISHED)]
