"""The life of a sender process: its loop, its database thread, its signals, and its end when its supervisor is gone."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from deliveries.mta.sender import Sender
from deliveries.mta.supervisor import RESTART, sole_sender

SWITCH_SECONDS = 0.0005
# Containers made and not freed.
GARBAGE_LOOKED_FOR_AFTER = 20_000


def run_sender(*, name: str, affinities: Sequence[str]) -> int:
    """Blocks until told to stop; returns the exit code that tells the supervisor what was asked."""
    _share_the_processor()
    with sole_sender(), ThreadPoolExecutor(max_workers=1, thread_name_prefix="database") as executor:
        sender = Sender(name=name, affinities=affinities, executor=executor)
        _run_in_a_loop(_run(sender))
    return RESTART if sender.restart_requested else 0


def _run_in_a_loop(work: Coroutine[Any, Any, None]) -> None:
    """On uvloop where it exists."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)


def _share_the_processor() -> None:
    """The loop and the database's thread take turns ten times as often as by default: a statement needs the loop's
    turn several times. What was imported is never garbage, and a message makes hardly any that reference counts miss.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_LOOKED_FOR_AFTER, 20, 100)


async def _run(sender: Sender) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, sender.stop)
    watching = loop.create_task(_stop_with_parent(sender))
    try:
        await sender.run()
    finally:
        watching.cancel()


async def _stop_with_parent(sender: Sender) -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(1)
    sender.stop()
