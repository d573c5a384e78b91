"""F01: a sender is killed at random moments. The judge is what the sink received."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from tests.faults.checker import Sampler, check
from tests.faults.installation import Installation
from tests.faults.settling import settle_by_witness
from tests.faults.witness import Witness

pytestmark = [pytest.mark.smtp_sink, pytest.mark.slow, pytest.mark.xdist_group("faults")]
RECIPIENTS, KILLS, CONNECTIONS = 20_000, 5, 8
# The long run, scaled down by whoever has less time.
FULL_RECIPIENTS = int(os.environ.get("FAULTS_MESSAGES", "2000000"))
FULL_KILLS = int(os.environ.get("FAULTS_KILLS", "100"))


def test_f01_five_kills_on_sqlite(on_sqlite: Installation, sink: Witness, tmp_path: Path) -> None:
    run(on_sqlite, sink, tmp_path, RECIPIENTS, KILLS)


@pytest.mark.postgresql
def test_f01_five_kills_on_postgresql(on_postgresql: Installation, sink: Witness, tmp_path: Path) -> None:
    run(on_postgresql, sink, tmp_path, RECIPIENTS, KILLS)


@pytest.mark.full
@pytest.mark.postgresql
@pytest.mark.timeout(7200)
def test_f01_a_hundred_kills_over_two_million_messages(
    on_postgresql: Installation, sink: Witness, tmp_path: Path
) -> None:
    run(on_postgresql, sink, tmp_path, FULL_RECIPIENTS, FULL_KILLS)


def run(installation: Installation, sink: Witness, folder: Path, recipients: int, kills: int) -> None:
    installation.fill(recipients, connections=CONNECTIONS)
    seed = random.randrange(10**6)
    with Sampler(installation):
        killed = kill_at_random(installation, sink, random.Random(seed), recipients, kills)
        installation.finish(seconds=60 + recipients / 500)

    assert killed == kills, f"seed {seed}: only {killed} were killed while they were sending"
    verdict = check(installation, sink, doubts_at_most=kills * CONNECTIONS)
    assert len(verdict.sent) + len(verdict.doubtful) == recipients

    settle_and_send_the_rest(installation, sink, folder)
    assert len(check(installation, sink, doubts_at_most=0).sent) == recipients


def kill_at_random(
    installation: Installation, sink: Witness, chance: random.Random, recipients: int, kills: int
) -> int:
    """Kill a sender soon after it began to send, again and again; how many were killed with messages left."""
    killed = 0
    for number in range(kills):
        before = sink.count()
        # In the long run each sends its share first.
        until = max(before, number * recipients // (kills + 1))
        with installation.sending() as sender:
            installation.wait_until(lambda: sink.count() > until, seconds=60 + recipients / 500)  # noqa: B023
            time.sleep(chance.uniform(0, 0.25))
            killed += sender.poll() is None and sink.count() < recipients
            sender.kill()
            sender.wait()
    return killed


def settle_and_send_the_rest(installation: Installation, sink: Witness, folder: Path) -> None:
    doubtful = installation.number("SELECT in_doubt FROM deliveries_delivery")
    if not doubtful:
        return
    answer = settle_by_witness(installation, sink, folder)
    assert answer["sent"] + answer["resent"] == doubtful
    if answer["resent"]:
        installation.finish()
