"""F28: somebody's transaction stays open while messages leave; none of ours is open while a server is talked to."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
import pytest

from tests.faults.checker import check
from tests.faults.conftest import ENVIRONMENT, SLOW, with_manners
from tests.faults.installation import Installation
from tests.faults.silent_server import Silent
from tests.faults.witness import Witness
from tests.smtp_server import running_server

pytestmark = [
    pytest.mark.smtp_sink,
    pytest.mark.postgresql,
    pytest.mark.slow,
    pytest.mark.xdist_group("faults"),
]
CONNECTIONS = 4
OPEN_TRANSACTIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < clock_timestamp() - interval '2 seconds'
"""


@with_manners(*SLOW)
def test_f28_a_forgotten_transaction_of_somebody_else_holds_no_message_back(
    on_postgresql: Installation, sink: Witness
) -> None:
    on_postgresql.fill(500, connections=8)
    with psycopg.connect(on_postgresql.database_url) as forgotten:
        forgotten.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        forgotten.execute("SELECT count(*) FROM deliveries_broadlog")
        forgotten.execute("UPDATE recipients_recipient SET first_name = 'Somebody' WHERE id <= 100")
        on_postgresql.finish()

    assert len(check(on_postgresql, sink, doubts_at_most=0).sent) == 500


def test_f28_no_transaction_is_open_while_replies_are_awaited(on_postgresql: Installation, tmp_path: Path) -> None:
    silent = Silent()
    with running_server(silent) as port:
        talking = Installation(
            tmp_path / "talking", database_url=on_postgresql.database_url, smtp_port=port, **ENVIRONMENT
        )
        talking.fill(20, connections=CONNECTIONS)
        with talking.sending(MTA_DRAIN_SECONDS="1") as sender:
            talking.wait_until(lambda: len(silent.mails) == CONNECTIONS)
            # Long enough for a transaction that began with the conversation to be noticed.
            until = time.monotonic() + 5
            while time.monotonic() < until:
                assert talking.number(OPEN_TRANSACTIONS) == 0
                time.sleep(0.1)
            assert len(silent.mails) == CONNECTIONS
            sender.terminate()
            assert sender.wait(timeout=60) == 0, talking.log()
        silent.over = True
        talking.wait_until(lambda: silent.left == CONNECTIONS)


def test_f28_the_server_ends_sessions_of_ours_that_idle_in_a_transaction(on_postgresql: Installation) -> None:
    question = "from django.db import connection as c; k = c.cursor(); k.execute('SHOW {}'); print(k.fetchone()[0])"
    answer = on_postgresql.manage("shell", "-v0", "-c", question.format("idle_in_transaction_session_timeout"))

    assert answer.stdout.split() == ["5min"], answer.stderr


def test_f28_a_forgotten_transaction_is_to_be_seen(on_postgresql: Installation) -> None:
    question = "from campaign_site.metrics import idle_transaction_seconds as s; print(s())"
    with psycopg.connect(on_postgresql.database_url) as forgotten:
        forgotten.execute("SELECT 1")
        time.sleep(1.1)
        answer = on_postgresql.manage("shell", "-v0", "-c", question)

    assert int(answer.stdout) >= 1, answer.stderr
    assert on_postgresql.manage("shell", "-v0", "-c", question).stdout.split() == ["0"]
