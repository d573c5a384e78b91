"""F12: on SQLite people work at the screens while messages leave and their sender is killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from itertools import count
from pathlib import Path

import pytest

from deliveries.models import DeliveryState
from tests.faults.checker import check
from tests.faults.conftest import SLOW, with_manners
from tests.faults.installation import Installation
from tests.faults.operator_at_work import Operator, operator_of
from tests.faults.settling import settle_by_witness
from tests.faults.witness import Witness

pytestmark = [pytest.mark.smtp_sink, pytest.mark.slow, pytest.mark.xdist_group("faults")]
RECIPIENTS, CONNECTIONS, KILLS, WRITERS = 200, 8, 2, 3
LOOKED_FOR = 1.0
# Seconds between two things that somebody does: of those who ask, SQLite favours whoever never rests.
REST = 0.02
# Seconds to wait for a sender, on a machine that does other things too.
PATIENCE = 120


@with_manners(*SLOW)
def test_f12_nobody_notices_at_the_screens(on_sqlite: Installation, sink: Witness, tmp_path: Path) -> None:
    on_sqlite.fill(RECIPIENTS, connections=CONNECTIONS)
    over = threading.Event()
    answers: Counter[int] = Counter()
    stored: list[str] = []
    with operator_of(on_sqlite) as operator, on_sqlite.running("mta", "start"):
        writers = [
            threading.Thread(target=write, args=(operator, number, over, answers, stored)) for number in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        try:
            for _number in range(KILLS):
                before = sink.count()
                on_sqlite.wait_until(lambda: sink.count() > before + 30, seconds=PATIENCE)  # noqa: B023
                kill_and_look(on_sqlite)
            on_sqlite.wait_until(lambda: on_sqlite.state() == DeliveryState.FINISHED, seconds=PATIENCE)
        finally:
            over.set()
            for writer in writers:
                writer.join(timeout=60)
        assert operator.ask("recipients/", email="last@example.org")[0] == 201

    assert "database is locked" not in on_sqlite.log()
    assert set(answers) == {201}, answers
    assert on_sqlite.query("PRAGMA integrity_check") == [("ok",)]
    assert set(stored) <= {email for (email,) in on_sqlite.query("SELECT email FROM recipients_recipient")}
    verdict = check(on_sqlite, sink, doubts_at_most=KILLS * CONNECTIONS)
    assert len(verdict.sent) + len(verdict.doubtful) == RECIPIENTS
    if verdict.doubtful:
        answer = settle_by_witness(on_sqlite, sink, tmp_path)
        assert answer["sent"] + answer["resent"] == len(verdict.doubtful)


def kill_and_look(installation: Installation) -> None:
    """With no sender alive, whoever looks and goes is the last to close the file as often as not."""
    (sender,) = installation.senders()
    os.kill(sender, signal.SIGKILL)
    until = time.monotonic() + LOOKED_FOR
    while time.monotonic() < until:
        assert installation.number("SELECT count(*) FROM deliveries_delivery") == 1


def write(operator: Operator, writer: int, over: threading.Event, answers: Counter[int], stored: list[str]) -> None:
    for number in count():
        if over.is_set():
            return
        email = f"writer{writer}.{number}@example.org"
        status, _answer = operator.ask("recipients/", email=email)
        answers[status] += 1
        if status == 201:
            stored.append(email)
        time.sleep(REST)
