"""F01: a sender is killed at random moments. The judge is what the sink received."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deliveries.models import DeliveryState, MessageStatus
from tests.faults.installation import Installation, recipients_in, scratch_postgresql
from tests.smtp_server import Sink, smtp_sink

RECIPIENTS, KILLS, CONNECTIONS = 20_000, 10, 8


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    with smtp_sink(tmp_path) as running:
        yield running


@pytest.mark.smtp_sink
@pytest.mark.slow
def test_ten_kills_mail_nobody_twice_and_drop_nobody_silently_on_sqlite(tmp_path: Path, sink: Sink) -> None:
    check(Installation(tmp_path, database_url="", smtp_port=sink.port), sink)


@pytest.mark.smtp_sink
@pytest.mark.postgresql
@pytest.mark.slow
def test_ten_kills_mail_nobody_twice_and_drop_nobody_silently_on_postgresql(tmp_path: Path, sink: Sink) -> None:
    with scratch_postgresql("diffusion_f01") as url:
        check(Installation(tmp_path, database_url=url, smtp_port=sink.port), sink)


def check(installation: Installation, sink: Sink) -> None:
    installation.prepare(RECIPIENTS, connections=CONNECTIONS)
    seed = random.randrange(10**6)
    kills = kill_at_random(installation, sink, random.Random(seed))
    finish(installation)

    account = installation.account()
    received = Counter(recipients_in(sink))
    doubtful = {row.address for row in account.rows if row.in_doubt}
    sent = {row.address for row in account.rows if row.status == MessageStatus.SENT}
    assert kills == KILLS, f"seed {seed}"
    assert [address for address, copies in received.items() if copies > 1] == [], f"seed {seed}"
    assert sent <= set(received), f"seed {seed}"
    assert set(received) <= sent | doubtful, f"seed {seed}"
    assert len(sent) + len(doubtful) == RECIPIENTS, f"seed {seed}"
    assert len(doubtful) <= KILLS * CONNECTIONS, f"seed {seed}"
    assert account.state == DeliveryState.FINISHED
    assert account.difference == 0


def kill_at_random(installation: Installation, sink: Sink, chance: random.Random) -> int:
    """Start a sender and kill it while it sends, again and again; how many were killed with messages left."""
    kills = 0
    for _number in range(KILLS):
        before = mails_in(sink)
        sender = installation.start("mta", "sender")
        wait_until(lambda before=before: mails_in(sink) > before, sender_log=installation)  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.25))
        kills += sender.poll() is None and mails_in(sink) < RECIPIENTS
        sender.kill()
        sender.wait()
    return kills


def finish(installation: Installation) -> None:
    sender = installation.start("mta", "sender")
    try:
        wait_until(lambda: installation.state() == DeliveryState.FINISHED, sender_log=installation)
    finally:
        sender.terminate()
        assert sender.wait(timeout=60) == 0, installation.log()


def mails_in(sink: Sink) -> int:
    return sum(1 for _path in sink.folder.iterdir())


def wait_until(done: Callable[[], bool], *, sender_log: Installation, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, sender_log.log()
        time.sleep(0.05)
