"""Failpoints: named places of the code where a test makes the process die or freeze. Unset, each is None.

`DIFFUSION_FAILPOINT=after_claim:kill` kills the process the first time it comes there, `after_claim:kill:7` the
seventh time, `after_claim:stop` freezes it. Code asks `if POINT: …`: where nothing is set that is all it costs.
"""

from __future__ import annotations

import asyncio
import os
import signal

VARIABLE = "DIFFUSION_FAILPOINT"
NAMES = (
    "after_claim",
    "after_render",
    "after_connect",
    "after_rcpt",
    "mid_data",
    "after_dot_before_250",
    "after_250_before_commit",
    "after_commit",
    # Of inbound mails: while the listener takes one, and while a source is read.
    "before_kept",
    "before_reply",
    "after_fetch",
    "before_forgetting",
)
ACTIONS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class UnknownFailpoint(ValueError):
    """The variable names no place of the code, or nothing that can be done there."""


class Failpoint:
    """`signal_number` is what the process sends to itself at visit number `nth`, counted from 1."""

    def __init__(self, signal_number: signal.Signals, nth: int) -> None:
        self.signal_number = signal_number
        self.nth = nth
        self.visits = 0

    def due(self) -> bool:
        """Count a visit; whether it is the one."""
        self.visits += 1
        return self.visits == self.nth

    def strike(self) -> None:
        os.kill(os.getpid(), self.signal_number)

    def __call__(self) -> None:
        if self.due():
            self.strike()

    def soon(self) -> None:
        """At the event loop's next turn: after what is being written now, before any reply is read."""
        if self.due():
            asyncio.get_running_loop().call_soon(self.strike)


def failpoint(name: str, setting: str | None = None) -> Failpoint | None:
    """The failpoint of this place if the environment (or `setting`) sets it, else None. Raises UnknownFailpoint."""
    wanted, _colon, rest = (os.environ.get(VARIABLE, "") if setting is None else setting).partition(":")
    if not wanted:
        return None
    action, _colon, nth = rest.partition(":")
    if wanted not in NAMES or action not in ACTIONS or not (nth or "1").isdigit():
        raise UnknownFailpoint(f"{VARIABLE} takes NAME:kill or NAME:stop, then perhaps :NUMBER.")
    return Failpoint(ACTIONS[action], int(nth or 1)) if wanted == name else None
