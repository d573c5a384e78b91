"""Reading mails in a limited child process: what a mail does to its reader stays there."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from django.utils.translation import gettext as _

from deliveries.inbound.reading.child import SECONDS as OWN_SECONDS
from deliveries.inbound.reading.child import TOO_LARGE, TOO_LONG
from deliveries.inbound.reading.exchange import ask, start
from deliveries.inbound.reading.rules import Rules
from deliveries.inbound.reading.structure import MAIL_LIMIT
from deliveries.inbound.reading.verdict import Reading, Unreadable, from_document

SECONDS = 5.0
# To start Python and to compile the rules, once a child.
START_SECONDS = 30.0
ROOT = Path(__file__).resolve().parents[3]

log = logging.getLogger(__name__)


class Reader:
    """One child process, replaced whenever it dies. Threads may share a reader; mails then wait for each other."""

    def __init__(self, rules: Rules, *, seconds: float = SECONDS) -> None:
        self.slow_rules: list[str] = []
        self._rules = rules
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._end()

    def read(self, raw: bytes) -> Reading:
        """What the mail says. Raises Unreadable when it can't be read within 256 MB and `seconds`."""
        with self._lock:
            answer = self._answer(raw[:MAIL_LIMIT])
            if answer.get("unreadable") == TOO_LARGE:
                # What filled its memory may still be there: the next mail has a child of its own.
                self._end()
        if answer.get("rule"):
            self._drop(str(answer["rule"]))
        if "unreadable" in answer:
            raise Unreadable(_reason(answer))
        return from_document(answer["reading"])

    def _answer(self, raw: bytes) -> dict[str, Any]:
        if self._child is None or self._child.poll() is not None:
            self._end()
            self._start()
            self._exchange(json.dumps(self._rules.as_document()).encode(), START_SECONDS)
        return cast(dict[str, Any], json.loads(self._exchange(raw, self._seconds)))

    def _exchange(self, content: bytes, seconds: float) -> bytes:
        """The child's answer to one frame. A child that gives none in time is ended and replaced at the next mail."""
        child = cast("subprocess.Popen[bytes]", self._child)
        try:
            return ask(child, content, seconds)
        except TimeoutError:
            self._end()
            raise Unreadable(_too_long(seconds)) from None
        except OSError:
            self._end()
            raise Unreadable(_("The process that read it ended.")) from None

    def _start(self) -> None:
        # An environment of its own: no credentials where strangers' mails are read.
        command = [sys.executable, "-m", "deliveries.inbound.reading.child"]
        self._child = start(command, folder=ROOT, environment={"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"})

    def _drop(self, rule: str) -> None:
        self.slow_rules.append(rule)
        self._rules = self._rules.without(rule)
        log.warning("The bounce rule %r took too long and is left out until the reader starts again.", rule)

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        child.wait()


def _reason(answer: dict[str, Any]) -> str:
    if answer["unreadable"] == TOO_LARGE:
        return _("Reading it needed too much memory.")
    if answer["unreadable"] == TOO_LONG:
        rule = answer["rule"]
        return (
            _("Reading it took too long in the rule “%(rule)s”.") % {"rule": rule} if rule else _too_long(OWN_SECONDS)
        )
    return _("Reading it failed: %(error)s") % {"error": answer["error"]}


def _too_long(seconds: float) -> str:
    return _("Reading it took longer than %(seconds)s s.") % {"seconds": f"{seconds:g}"}
