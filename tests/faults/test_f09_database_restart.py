"""F09: the database crashes and comes back, again and again, in the middle of a delivery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deliveries.models import DeliveryState
from tests.faults.checker import Sampler, check
from tests.faults.cluster import Cluster, own_cluster
from tests.faults.conftest import ENVIRONMENT, SLOW, with_manners
from tests.faults.installation import Installation
from tests.faults.witness import Witness

pytestmark = [
    pytest.mark.smtp_sink,
    pytest.mark.postgresql,
    pytest.mark.slow,
    pytest.mark.xdist_group("faults"),
]
RECIPIENTS, CONNECTIONS, RESTARTS = 1200, 8, 10


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with own_cluster() as running:
        yield running


@with_manners(*SLOW)
def test_f09_ten_crashes_of_the_database_lose_nothing_and_double_nothing(
    cluster: Cluster, sink: Witness, tmp_path: Path
) -> None:
    installation = Installation(
        tmp_path / "var", database_url=cluster.url("postgres"), smtp_port=sink.port, **ENVIRONMENT
    )
    installation.prepare(RECIPIENTS, connections=CONNECTIONS)

    with Sampler(installation), installation.sending() as sender:
        for number in range(1, RESTARTS + 1):
            until = RECIPIENTS * number // (RESTARTS + 1)
            installation.wait_until(lambda: sink.count() >= until)  # noqa: B023
            cluster.restart_at_once()
        assert sink.count() < RECIPIENTS, "it was over before the last crash"
        # The same process, all the time.
        installation.wait_until(lambda: installation.state() == DeliveryState.FINISHED)
        sender.terminate()
        assert sender.wait(timeout=60) == 0, installation.log()

    assert len(check(installation, sink, doubts_at_most=0).sent) == RECIPIENTS
    assert "sending goes on" in installation.log()
