"""Keeps K sender processes alive: starts them, restarts one that dies, ends when all were asked to stop."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from common.errors import Refused

# How a sender's exit code says "start another in my place"; 0 says "I was asked to stop".
RESTART = 75
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# A sender that lived this long was well: its next death is its first.
WELL_AFTER = 60.0
STARTS_BEFORE_GIVING_UP = 5
SECONDS_BEYOND_DRAIN = 20


class OneSenderOnly(Refused):
    """SQLite has one writer, so one sending process."""

    code = "one_sender_only"


class SenderFailed(Refused):
    """A sender does not start."""

    code = "sender_failed"


@contextmanager
def sole_sender() -> Iterator[None]:
    """On SQLite at most one sender at a time, whoever started it; elsewhere any number."""
    if connection.vendor != "sqlite":
        yield
        return
    with (Path(settings.VAR_DIR) / "mta.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OneSenderOnly(
                _("An MTA already runs on this SQLite database. Stop it first (mta stop), or use PostgreSQL.")
            ) from None
        yield


def check_processes(processes: int) -> None:
    if connection.vendor == "sqlite" and processes != 1:
        raise OneSenderOnly(_("On SQLite one sending process is all there can be: leave out --processes."))
    with sole_sender():
        pass


@dataclass
class Child:
    process: subprocess.Popen[bytes]
    started_at: float = field(default_factory=time.monotonic)
    failures: int = 0
    restart_at: float | None = None


class Supervisor:
    def __init__(self, *, name: str, affinities: Sequence[str], processes: int, say: Callable[[str], None]) -> None:
        self.name = name
        self.affinities = list(affinities)
        self.processes = processes
        self.say = say
        self.children: list[Child] = []
        self.stopping = False

    def run(self) -> None:
        """Blocks until a signal comes or every sender has ended as asked. Raises SenderFailed."""
        self.children = [Child(self._spawn()) for _number in range(self.processes)]
        try:
            self._announce()
            while self.children and not self.stopping:
                self._look()
                time.sleep(0.2)
        finally:
            self._stop()

    def stop_on_signals(self) -> None:
        def handle(number: int, frame: FrameType | None) -> None:
            self.stopping = True

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, handle)

    def _announce(self) -> None:
        served = ", ".join(self.affinities) or _("none")
        pids = ", ".join(str(child.process.pid) for child in self.children)
        self.say(
            _("MTA %(name)s: sender processes %(pids)s, affinities: %(served)s")
            % {"name": self.name, "pids": pids, "served": served}
        )

    def _spawn(self) -> subprocess.Popen[bytes]:
        manage = Path(settings.BASE_DIR) / "manage.py"
        affinities = [word for affinity in self.affinities for word in ("--affinity", affinity)]
        command = [sys.executable, str(manage), "mta", "sender", "--name", self.name, *affinities]
        # Its own session: Ctrl-C reaches the supervisor alone, which then tells the senders.
        return subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL)

    def _look(self) -> None:
        for child in list(self.children):
            code = child.process.poll()
            if child.restart_at is not None:
                self._restart_when_due(child)
            elif code == 0:
                self.children.remove(child)
            elif code == RESTART:
                child.failures, child.restart_at = 0, time.monotonic()
            elif code is not None:
                self._died(child, code)

    def _died(self, child: Child, code: int) -> None:
        lived = time.monotonic() - child.started_at
        child.failures = 1 if lived > WELL_AFTER else child.failures + 1
        # Its own message says why; a signal (no code of its own) may come any number of times.
        if code > 0 and child.failures >= STARTS_BEFORE_GIVING_UP:
            raise SenderFailed(_("The sender process does not start; its message stands above."))
        pause = min(FIRST_PAUSE * 2 ** (child.failures - 1), LONGEST_PAUSE)
        child.restart_at = time.monotonic() + pause
        sentence = _("MTA %(name)s: sender process %(pid)d ended with %(code)d, another starts in %(pause)d s")
        self.say(sentence % {"name": self.name, "pid": child.process.pid, "code": code, "pause": pause})

    def _restart_when_due(self, child: Child) -> None:
        if child.restart_at is not None and time.monotonic() >= child.restart_at:
            child.process, child.started_at, child.restart_at = self._spawn(), time.monotonic(), None

    def _stop(self) -> None:
        living = [child.process for child in self.children if child.process.poll() is None]
        for process in living:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + settings.MTA_DRAIN_SECONDS + SECONDS_BEYOND_DRAIN
        for process in living:
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.children = []


def run_supervisor(*, name: str, affinities: Sequence[str], processes: int, say: Callable[[str], None]) -> None:
    """Run senders in the foreground until told to stop. Raises OneSenderOnly, SenderFailed."""
    check_processes(processes)
    supervisor = Supervisor(name=name, affinities=affinities, processes=processes, say=say)
    supervisor.stop_on_signals()
    supervisor.run()
