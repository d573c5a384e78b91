"""Parts run together: started, told ready, restarted when they die, stopped all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from campaign_site.processes.parts import Part
from campaign_site.processes.supervisor import PartFailed, Supervisor

pytestmark = pytest.mark.django_db


class Script(Part):
    """A part that is a few lines of Python."""

    def command(self) -> list[str]:
        return [sys.executable, "-c", *self.arguments]


def script(tmp_path: Path, code: str, *, ready: Callable[[datetime], str | None] | None = None) -> Script:
    told = tmp_path / "told"
    return Script(
        "part", [code, str(told)], ready or (lambda since: "there" if told.exists() else None), seconds_to_stop=3
    )


SLEEPS = "import pathlib, sys, os, time; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(60)"


def test_a_part_is_started_told_ready_and_stopped(tmp_path: Path) -> None:
    lines: list[tuple[str, str]] = []
    supervisor = Supervisor([script(tmp_path, SLEEPS)], say=lambda part, text: lines.append((part, text)))

    with supervisor.running():
        pid = int((tmp_path / "told").read_text())

    assert lines == [("part", "ready: there"), ("part", "stopped")]
    assert not _alive(pid)


def test_a_part_that_dies_is_started_again(tmp_path: Path) -> None:
    supervisor = Supervisor([script(tmp_path, SLEEPS)], say=lambda part, text: None)

    with supervisor.running():
        first = int((tmp_path / "told").read_text())
        os.kill(first, signal.SIGKILL)
        deadline = time.monotonic() + 15
        while int((tmp_path / "told").read_text() or 0) == first and time.monotonic() < deadline:
            supervisor.look()
            time.sleep(0.05)

        assert int((tmp_path / "told").read_text()) != first


def test_a_part_that_never_starts_is_named_and_the_others_are_stopped(tmp_path: Path) -> None:
    lives = script(tmp_path, SLEEPS)
    broken = Script("broken", ["raise SystemExit(3)"], lambda since: None)
    supervisor = Supervisor([lives, broken], say=lambda part, text: None)

    with pytest.raises(PartFailed, match="broken does not start"), supervisor.running():
        pass

    assert not _alive(int((tmp_path / "told").read_text()))


def test_a_part_that_ignores_the_request_to_stop_is_killed(tmp_path: Path) -> None:
    lines: list[str] = []
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEPS
    supervisor = Supervisor([script(tmp_path, deaf)], say=lambda part, text: lines.append(text))

    with supervisor.running():
        pass

    assert lines[-1] == "killed: it did not stop in time"


def test_a_part_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    watched = (
        "import os, subprocess, sys, time;"
        "part = 'from campaign_site.processes.orphan import end_with_supervisor as end; end();"
        "import time; print(1, flush=True); time.sleep(60)';"
        "child = subprocess.Popen([sys.executable, '-c', part], start_new_session=True, stdout=subprocess.PIPE,"
        " env={**os.environ, 'DIFFUSION_SUPERVISOR': str(os.getpid())});"
        "child.stdout.readline(); print(child.pid, flush=True); time.sleep(60)"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", watched], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    part = int(supervisor.stdout.readline())

    supervisor.kill()
    supervisor.wait()

    deadline = time.monotonic() + 10
    while _alive(part) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _alive(part)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_a_part_prints_is_kept_off_the_standard_output(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    supervisor = Supervisor([script(tmp_path, f"print('chatter', flush=True); {SLEEPS}")], say=lambda part, text: None)

    with supervisor.running():
        pass

    captured = capfd.readouterr()
    assert (captured.out, "chatter" in captured.err) == ("", True)
