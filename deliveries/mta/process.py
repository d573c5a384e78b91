"""The life of a sender process: its loop, its database thread, its signals, and its end when its supervisor is gone."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import uvloop

from deliveries.mta.sender import Sender
from deliveries.mta.supervisor import RESTART, sole_sender


def run_sender(*, name: str, affinities: Sequence[str]) -> int:
    """Blocks until told to stop; returns the exit code that tells the supervisor what was asked."""
    with sole_sender(), ThreadPoolExecutor(max_workers=1, thread_name_prefix="database") as executor:
        sender = Sender(name=name, affinities=affinities, executor=executor)
        uvloop.run(_run(sender))
    return RESTART if sender.restart_requested else 0


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
