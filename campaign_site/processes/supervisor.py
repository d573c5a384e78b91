"""Runs parts together in the foreground: starts them, says which is ready, restarts one that dies, stops all."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import FrameType

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from campaign_site.processes.parts import Part, child_environment
from common.errors import Refused

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# A part that dies this often before it was ever ready will not start at all: its own message says why.
STARTS_BEFORE_GIVING_UP = 3
STANDARD_ERROR = 2


class PartFailed(Refused):
    """A part does not start."""

    code = "part_failed"


@dataclass
class Child:
    part: Part
    process: subprocess.Popen[bytes]
    started_at: datetime
    ready: bool = False
    starts: int = 1
    restart_at: float | None = None


class Supervisor:
    """`say(part, text)` receives one line per change of a part's state."""

    def __init__(
        self, parts: Sequence[Part], *, say: Callable[[str, str], None], environment: Mapping[str, str] | None = None
    ) -> None:
        self.parts = list(parts)
        self.say = say
        self.environment = dict(environment or {})
        self.children: list[Child] = []
        self.stopping = False

    @contextmanager
    def running(self, *, seconds_to_start: float = 60) -> Iterator[None]:
        """Start every part and wait until each is ready; stop them all at the end, whatever happens."""
        try:
            for part in self.parts:
                self.children.append(Child(part, self._spawn(part), timezone.now()))
            self._wait_until_ready(seconds_to_start)
            yield
        finally:
            self.stop()

    def watch(self, *, until: Callable[[], bool] = lambda: False) -> None:
        """Keep the parts alive until a signal comes or `until` answers true."""
        while not self.stopping and not until():
            self.look()
            time.sleep(0.5)

    def look(self) -> None:
        """Notice parts that became ready or died, and restart the dead ones."""
        for child in self.children:
            if child.restart_at is not None:
                self._restart_when_due(child)
            elif child.process.poll() is not None:
                self._died(child)
            elif not child.ready:
                self._ask(child)

    def stop(self) -> None:
        """SIGTERM to all, then wait for each as long as it may take; what is left is killed."""
        self.stopping = True
        living = [child for child in reversed(self.children) if child.process.poll() is None]
        for child in living:
            child.process.send_signal(signal.SIGTERM)
        for child in living:
            self._reap(child)
        self.children = []

    def stop_on_signals(self) -> None:
        def handle(number: int, frame: FrameType | None) -> None:
            self.stopping = True

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, handle)

    def _spawn(self, part: Part) -> subprocess.Popen[bytes]:
        # Its own session: Ctrl-C reaches the supervisor alone, which then stops the parts in order.
        environment = child_environment(part, self.environment)
        # What the parts print is no answer of this command: with --json its standard output is one document.
        return subprocess.Popen(
            part.command(), env=environment, start_new_session=True, stdin=subprocess.DEVNULL, stdout=STANDARD_ERROR
        )

    def _wait_until_ready(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self.stopping and not all(child.ready for child in self.children):
            self.look()
            if time.monotonic() > deadline:
                late = ", ".join(child.part.name for child in self.children if not child.ready)
                raise PartFailed(_("Not ready after %(seconds)d s: %(parts)s.") % {"seconds": seconds, "parts": late})
            time.sleep(0.1)

    def _ask(self, child: Child) -> None:
        answer = child.part.ready(child.started_at)
        # Readiness is read by polling: without autocommit's fresh snapshot an old connection may go stale.
        connection.close()
        if answer is not None:
            child.ready = True
            self.say(child.part.name, _("ready: %(what)s") % {"what": answer})

    def _died(self, child: Child) -> None:
        if not child.ready and child.starts >= STARTS_BEFORE_GIVING_UP:
            raise PartFailed(_("%(part)s does not start; its message stands above.") % {"part": child.part.name})
        pause = min(FIRST_PAUSE * 2 ** (child.starts - 1), LONGEST_PAUSE)
        child.restart_at = time.monotonic() + pause
        sentence = _("ended with %(code)s, starts again in %(seconds)d s")
        self.say(child.part.name, sentence % {"code": child.process.returncode, "seconds": pause})

    def _restart_when_due(self, child: Child) -> None:
        if child.restart_at is None or time.monotonic() < child.restart_at or self.stopping:
            return
        child.process, child.started_at = self._spawn(child.part), timezone.now()
        child.starts += 1
        child.ready, child.restart_at = False, None

    def _reap(self, child: Child) -> None:
        try:
            child.process.wait(timeout=child.part.seconds_to_stop)
            self.say(child.part.name, _("stopped"))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
            self.say(child.part.name, _("killed: it did not stop in time"))
