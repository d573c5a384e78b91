"""A broker that dies in the middle of a run and comes back empty: who gets what does not change."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deliveries.models import DeliveryState
from tests.flows.installation import FILL, REACHABLE, Installation, postgresql_database, wait_until
from tests.flows.test_scale import INSTANT, MIDDLE, mails_in, recipients, start_everything, state
from tests.smtp_server import HOST, free_port, smtp_sink, wait_for_port

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.redis,
    pytest.mark.smtp_sink,
    pytest.mark.slow,
    pytest.mark.xdist_group("processes"),
]


@contextmanager
def redis_server(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A Redis of our own that keeps nothing on disk."""
    program = shutil.which("redis-server") or "redis-server"
    command = [program, "--port", str(port), "--bind", HOST, "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_broker_that_restarts_in_the_middle_of_a_run_changes_nothing(tmp_path: Path) -> None:
    port = free_port()
    with smtp_sink(tmp_path) as sink, postgresql_database("diffusion_flow_restart") as database_url:
        installation = Installation(
            folder=tmp_path,
            database_url=database_url,
            broker_url=f"redis://{HOST}:{port}/0",
            smtp_url=f"smtp://{HOST}:{sink.port}",
        )
        try:
            with redis_server(port):
                installation.manage("migrate")
                workflow = installation.manage("shell", "-v", "0", "-c", FILL).strip()
                start_everything(installation)
                installation.document("workflow", "run-now", workflow, "--for", INSTANT)
                wait_until(lambda: mails_in(sink) >= MIDDLE, seconds=60, why=installation.said, pause=0.01)
            # Asked for while there is no broker: the answer is the same run.
            installation.document("workflow", "run-now", workflow, "--for", INSTANT)
            with redis_server(port):
                finished = DeliveryState.FINISHED
                wait_until(lambda: state(installation) == finished, seconds=90, why=installation.said)

                assert len(recipients(sink)) == REACHABLE
                assert set(Counter(recipients(sink)).values()) == {1}
                assert installation.document("ledger")["ok"] is True
        finally:
            installation.stop()
