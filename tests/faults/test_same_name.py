"""Two MTAs of one name on one database: both send, nothing twice, and the name reaches both."""

from __future__ import annotations

import json

import pytest

from deliveries.models import DeliveryState
from tests.faults.checker import check
from tests.faults.conftest import SLOW, with_manners
from tests.faults.installation import Installation
from tests.faults.witness import Witness

pytestmark = [
    pytest.mark.smtp_sink,
    pytest.mark.postgresql,
    pytest.mark.slow,
    pytest.mark.xdist_group("faults"),
]
RECIPIENTS, CONNECTIONS = 3000, 16
PARIS = ("mta", "start", "--name", "paris")


@with_manners(*SLOW)
def test_a_second_mta_of_the_same_name_shares_the_work_and_obeys_to_the_name(
    on_postgresql: Installation, sink: Witness
) -> None:
    with on_postgresql.running(*PARIS) as first, on_postgresql.running(*PARIS) as second:
        on_postgresql.wait_until(lambda: len(on_postgresql.senders()) == 2)
        on_postgresql.fill(RECIPIENTS, connections=CONNECTIONS)
        holders = "SELECT count(DISTINCT claimed_by) FROM deliveries_deliverypart WHERE claimed_by <> ''"
        on_postgresql.wait_until(lambda: on_postgresql.number(holders) == 2)
        listed = json.loads(on_postgresql.manage("mta", "status", "--json").stdout)
        on_postgresql.wait_until(lambda: on_postgresql.state() == DeliveryState.FINISHED)

        stopped = on_postgresql.manage("mta", "stop", "--name", "paris", "--json")
        assert json.loads(stopped.stdout) == {"asked": 2}
        assert [process.wait(timeout=60) for process in (first, second)] == [0, 0]

    assert [process["name"] for process in listed["processes"] if process["kind"] == "mta"] == ["paris", "paris"]
    assert len(check(on_postgresql, sink, doubts_at_most=0).sent) == RECIPIENTS
