"""The sending processes as an operator meets them: started, asked to stop or restart, killed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.installation import Installation
from tests.faults.witness import Witness

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    # Nothing listens on port 9: these tests send nothing.
    installation = Installation(tmp_path_factory.mktemp("mta"), database_url="", smtp_port=9)
    assert installation.manage("migrate", "-v0", "--skip-checks").returncode == 0
    return installation


@pytest.fixture
def installation(migrated: Installation) -> Iterator[Installation]:
    yield migrated
    for pid in migrated.senders():
        assert not alive(pid), "a sender was left behind"


def test_it_ends_when_it_is_asked_to_stop(installation: Installation) -> None:
    supervisor = installation.start("mta", "start", "--name", "paris")
    wait_until(lambda: bool(installation.senders()))

    asked = installation.manage("mta", "stop", "--name", "paris", "--json")

    assert asked.stdout.strip() == '{"asked": 1}'
    assert supervisor.wait(timeout=30) == 0
    assert installation.senders() == []


def test_a_restart_puts_another_process_in_its_place(installation: Installation) -> None:
    supervisor = installation.start("mta", "start")
    wait_until(lambda: bool(installation.senders()))
    (before,) = installation.senders()

    assert installation.manage("mta", "restart").returncode == 0
    wait_until(lambda: len(installation.senders()) == 1 and installation.senders() != [before])

    assert not alive(before)
    assert supervisor.poll() is None
    end(supervisor)


def test_a_killed_sender_is_replaced(installation: Installation) -> None:
    supervisor = installation.start("mta", "start")
    wait_until(lambda: bool(installation.senders()))
    (before,) = installation.senders()

    os.kill(before, signal.SIGKILL)
    wait_until(lambda: len(installation.senders()) == 1 and installation.senders() != [before])

    end(supervisor)


def test_a_sender_ends_when_its_supervisor_is_gone(installation: Installation) -> None:
    supervisor = installation.start("mta", "start")
    wait_until(lambda: bool(installation.senders()))
    (sender,) = installation.senders()

    supervisor.kill()
    supervisor.wait()

    wait_until(lambda: not alive(sender))


def test_on_sqlite_there_is_one_sending_process(installation: Installation) -> None:
    several = installation.manage("mta", "start", "--processes", "2")
    assert (several.returncode, several.stdout) == (1, "")
    assert "On SQLite one sending process" in several.stderr

    supervisor = installation.start("mta", "start")
    wait_until(lambda: bool(installation.senders()))
    second = installation.manage("mta", "start", "--name", "second")
    assert second.returncode == 1
    assert second.stderr.strip().endswith("Stop it first (mta stop), or use PostgreSQL.")
    end(supervisor)


def test_with_no_process_alive_there_is_nothing_to_stop(installation: Installation) -> None:
    answer = installation.manage("mta", "stop")

    assert answer.returncode == 1
    assert "No MTA process is alive" in answer.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["stop", "--as", "sent"],
        ["stop", "--processes", "2"],
        ["start", "--processes", "0"],
        ["stop", "--affinity", "gold"],
    ],
    ids=" ".join,
)
def test_what_can_not_be_meant_is_a_usage_error(installation: Installation, arguments: list[str]) -> None:
    assert installation.manage("mta", *arguments).returncode == 2


def test_a_database_away_at_the_start_is_waited_for(tmp_path: Path) -> None:
    installation = Installation(tmp_path, database_url="", smtp_port=9)
    supervisor = installation.start("mta", "start")
    wait_until(lambda: "outcomes can't be recorded" in installation.log())

    assert installation.manage("migrate", "-v0", "--skip-checks").returncode == 0
    wait_until(lambda: bool(installation.senders()))
    end(supervisor)


def end(supervisor: subprocess.Popen[bytes]) -> None:
    supervisor.terminate()
    assert supervisor.wait(timeout=30) == 0


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def wait_until(done: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.smtp_sink
def test_where_uvloop_is_absent_the_loop_of_the_standard_library_sends(
    on_sqlite: Installation, sink: Witness, tmp_path: Path
) -> None:
    (tmp_path / "uvloop.py").write_text("raise ImportError")
    on_sqlite.environment["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{on_sqlite.environment['PYTHONPATH']}"
    on_sqlite.fill(20, connections=2)

    on_sqlite.finish()

    assert sink.count() == 20
