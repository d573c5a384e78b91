"""A part ends when the supervisor that started it is gone, even by kill -9: nothing goes on unseen."""

from __future__ import annotations

import os
import signal
import threading
import time

SUPERVISOR = "DIFFUSION_SUPERVISOR"
LOOK_SECONDS = 2.0


def end_with_supervisor() -> None:
    """Watch the parent from a thread, where a supervisor is the parent."""
    if os.environ.get(SUPERVISOR) == str(os.getppid()):
        threading.Thread(target=_watch, args=[os.getppid()], name="orphan", daemon=True).start()


def _watch(supervisor: int) -> None:
    while os.getppid() == supervisor:
        time.sleep(LOOK_SECONDS)
    # The part leads its own process group: its children are told too.
    os.killpg(os.getpgrp(), signal.SIGTERM)
