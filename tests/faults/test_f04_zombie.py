"""F04: a sender is frozen for longer than its lease, another one goes on in its place, and then it wakes up."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from deliveries.models import DeliveryState
from tests.faults.checker import check
from tests.faults.conftest import ENVIRONMENT, SLOW, with_manners
from tests.faults.installation import Installation
from tests.faults.settling import settle_by_witness
from tests.faults.witness import Witness

pytestmark = [
    pytest.mark.smtp_sink,
    pytest.mark.postgresql,
    pytest.mark.slow,
    pytest.mark.xdist_group("faults"),
]
RECIPIENTS, CONNECTIONS = 1500, 8
# Longer than the pause between two heartbeats, which renew it.
SHORT_LEASE = {"MTA_LEASE_SECONDS": "8"}


@with_manners(*SLOW)
def test_f04_a_frozen_sender_whose_messages_another_host_settled_sends_none_of_them_again(
    on_postgresql: Installation, sink: Witness, tmp_path: Path
) -> None:
    here = on_postgresql
    there = Installation(
        tmp_path / "there", database_url=here.database_url, smtp_port=sink.port, **ENVIRONMENT, **SHORT_LEASE
    )
    here.fill(RECIPIENTS, connections=CONNECTIONS)

    with here.sending(**SHORT_LEASE) as zombie:
        here.wait_until(lambda: sink.count() > 50)
        zombie.send_signal(signal.SIGSTOP)
        believe_it_gone(here)
        (holder,) = holders(here)
        with there.sending() as other:
            there.wait_until(lambda: holder not in holders(here))
            doubtful = here.number("SELECT in_doubt FROM deliveries_delivery")
            answer = settle_by_witness(here, sink, tmp_path)
            assert answer["sent"] + answer["resent"] == doubtful
            assert answer["resent"] > 0

            zombie.send_signal(signal.SIGCONT)
            there.wait_until(lambda: signs_of_life(here) == 2)
            assert sink.count() < RECIPIENTS, "it woke up when all was over"
            there.wait_until(lambda: here.state() == DeliveryState.FINISHED)
            for process in (zombie, other):
                process.terminate()
                assert process.wait(timeout=60) == 0, here.log() + there.log()

    assert len(check(here, sink, doubts_at_most=0).sent) == RECIPIENTS


@with_manners(*SLOW)
def test_f04_a_frozen_sender_on_the_same_host_keeps_what_it_holds_and_ends_it_when_it_wakes(
    on_postgresql: Installation, sink: Witness
) -> None:
    on_postgresql.fill(RECIPIENTS, connections=CONNECTIONS)

    with on_postgresql.sending(**SHORT_LEASE) as zombie:
        on_postgresql.wait_until(lambda: sink.count() > 50)
        zombie.send_signal(signal.SIGSTOP)
        believe_it_gone(on_postgresql)
        with on_postgresql.sending(**SHORT_LEASE) as other:
            on_postgresql.wait_until(lambda: len(on_postgresql.senders()) == 2)
            # Its journal is locked: as long as it lives, what it knows is not lost.
            assert on_postgresql.number("SELECT in_doubt FROM deliveries_delivery") == 0

            zombie.send_signal(signal.SIGCONT)
            on_postgresql.wait_until(lambda: on_postgresql.state() == DeliveryState.FINISHED)
            for process in (zombie, other):
                process.terminate()
                assert process.wait(timeout=60) == 0, on_postgresql.log()

    assert len(check(on_postgresql, sink, doubts_at_most=0).sent) == RECIPIENTS


def holders(installation: Installation) -> set[str]:
    parts = installation.query("SELECT claimed_by FROM deliveries_deliverypart WHERE claimed_by <> ''")
    return {uid for (uid,) in parts}


def signs_of_life(installation: Installation) -> int:
    recent = "SELECT count(*) FROM installation_process WHERE heartbeat_at > clock_timestamp() - interval '30 minutes'"
    return installation.number(recent)


def believe_it_gone(installation: Installation) -> None:
    """Wait for the end of its leases by the database's clock, and let its last sign of life be old."""
    held = "SELECT count(*) FROM deliveries_deliverypart WHERE lease_until >= clock_timestamp()"
    installation.wait_until(lambda: installation.number(held) == 0)
    installation.execute("UPDATE installation_process SET heartbeat_at = heartbeat_at - interval '1 hour'")
