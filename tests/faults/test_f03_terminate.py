"""F03: a deploy in the middle of a delivery. Who is told to end finishes what it began; the next one sends the rest."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from deliveries.models import DeliveryState, PartState
from tests.faults.checker import check, read_rows
from tests.faults.conftest import ENVIRONMENT, SLOW, with_manners
from tests.faults.installation import Installation, copy_of
from tests.faults.silent_server import Silent
from tests.faults.witness import Witness, witness
from tests.smtp_server import running_server

pytestmark = [pytest.mark.smtp_sink, pytest.mark.slow, pytest.mark.xdist_group("faults")]
RECIPIENTS, CONNECTIONS, DRAIN_SECONDS = 600, 8, 30


@with_manners(*SLOW)
def test_f03_told_to_end_on_sqlite_nothing_is_in_doubt_and_the_next_one_sends_the_rest(
    on_sqlite: Installation, sink: Witness
) -> None:
    deploy(on_sqlite, sink)


@pytest.mark.postgresql
@with_manners(*SLOW)
def test_f03_told_to_end_two_processes_on_postgresql_leave_nothing_in_doubt(
    on_postgresql: Installation, sink: Witness
) -> None:
    deploy(on_postgresql, sink, "--processes", "2")


def deploy(installation: Installation, sink: Witness, *arguments: str) -> None:
    installation.fill(RECIPIENTS, connections=CONNECTIONS)
    with installation.running("mta", "start", *arguments, MTA_DRAIN_SECONDS=str(DRAIN_SECONDS)) as first:
        installation.wait_until(lambda: sink.count() > 50)
        first.terminate()
        asked = time.monotonic()
        assert first.wait(timeout=DRAIN_SECONDS) == 0, installation.log()
        assert time.monotonic() - asked < DRAIN_SECONDS

    before = sink.count()
    assert before < RECIPIENTS, "it was over before it was told to end"
    assert installation.query("SELECT sent, in_doubt FROM deliveries_delivery") == [(before, 0)]
    parts = installation.query("SELECT state FROM deliveries_deliverypart")
    assert {state for (state,) in parts} == {PartState.DUE}
    assert installation.senders() == []

    with installation.running("mta", "start", *arguments):
        installation.wait_until(lambda: installation.state() == DeliveryState.FINISHED)

    assert len(check(installation, sink, doubts_at_most=0).sent) == RECIPIENTS


def test_f03_replies_that_do_not_come_in_time_are_named_as_in_doubt(migrated: Installation, tmp_path: Path) -> None:
    silent = Silent()
    with running_server(silent) as port:
        installation = copy_of(migrated, tmp_path / "var", smtp_port=port, **ENVIRONMENT)
        installation.fill(20, connections=4)
        with installation.sending(MTA_DRAIN_SECONDS="1") as sender:
            installation.wait_until(lambda: len(silent.mails) == 4)
            sender.terminate()
            assert sender.wait(timeout=30) == 0, installation.log()
        silent.over = True
        installation.wait_until(lambda: silent.left == 4)

    taken = {line.partition("<")[2].partition(">")[0] for line in silent.commands if line.startswith("RCPT")}
    assert read_rows(installation).doubtful == taken
    assert len(taken) == 4

    with witness(tmp_path, port=port) as sink:
        assert installation.manage("mta", "settle", "--as", "sent").returncode == 0
        installation.finish()
        assert sink.count() == 16
        assert taken.isdisjoint(sink.copies)
