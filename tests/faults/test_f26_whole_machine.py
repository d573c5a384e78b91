"""F26: the whole machine dies, database included, and comes back with nobody there."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from deliveries.models import DeliveryState
from tests.faults.checker import check
from tests.faults.cluster import own_cluster
from tests.faults.conftest import ENVIRONMENT, SLOW, with_manners
from tests.faults.installation import Installation
from tests.faults.settling import settle_by_witness
from tests.faults.witness import Witness

pytestmark = [
    pytest.mark.smtp_sink,
    pytest.mark.postgresql,
    pytest.mark.slow,
    pytest.mark.full,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("faults"),
]
RECIPIENTS, CONNECTIONS, CRASHES, PROCESSES = 3000, 8, 3, 2


@with_manners(*SLOW)
def test_f26_three_crashes_of_everything_but_the_relay_double_nothing_and_lose_nothing(
    sink: Witness, tmp_path: Path
) -> None:
    with own_cluster() as cluster:
        installation = Installation(
            tmp_path / "var", database_url=cluster.url("postgres"), smtp_port=sink.port, **ENVIRONMENT
        )
        installation.prepare(RECIPIENTS, connections=CONNECTIONS)
        for _number in range(CRASHES):
            with installation.running("mta", "start", "--processes", str(PROCESSES)) as supervisor:
                before = sink.count()
                installation.wait_until(lambda: sink.count() > before + 200)  # noqa: B023
                senders = installation.senders()
                cluster.kill()
                supervisor.kill()
                for sender in senders:
                    os.kill(sender, signal.SIGKILL)
                cluster.start_again()
        assert sink.count() < RECIPIENTS

        with installation.running("mta", "start"):
            installation.wait_until(lambda: installation.state() == DeliveryState.FINISHED)
            verdict = check(installation, sink, doubts_at_most=CRASHES * CONNECTIONS * PROCESSES)
            assert len(verdict.sent) + len(verdict.doubtful) == RECIPIENTS
            if verdict.doubtful:
                answer = settle_by_witness(installation, sink, tmp_path)
                assert answer["sent"] + answer["resent"] == len(verdict.doubtful)
            installation.wait_until(lambda: installation.state() == DeliveryState.FINISHED)

        assert len(check(installation, sink, doubts_at_most=0).sent) == RECIPIENTS
