"""A sender that runs in the test's own thread, so that it sees the test's database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections

from deliveries.channels.registry import channels
from deliveries.mta.sender import Sender
from tests.deliveries.mta.connectors import MemoryChannel, MemoryServer

R = TypeVar("R")


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> MemoryChannel:
    memory = MemoryChannel()
    monkeypatch.setitem(channels._entries, "memory", memory)
    return memory


@pytest.fixture
def server(channel: MemoryChannel) -> MemoryServer:
    return channel.server


@pytest.fixture
def folder(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    """The journals' folder of a scratch VAR_DIR."""
    settings.VAR_DIR = tmp_path  # type: ignore[attr-defined]
    journals = tmp_path / "journal"
    journals.mkdir()
    return journals


@pytest.fixture
def in_loop(folder: Path, db: None) -> Iterator[None]:
    """The sender's database thread shares the test's connection."""
    connection.inc_thread_sharing()
    shared = connections[DEFAULT_DB_ALIAS]
    executor = ThreadPoolExecutor(1, initializer=lambda: connections.__setitem__(DEFAULT_DB_ALIAS, shared))
    _executors.append(executor)
    yield
    _executors.remove(executor)
    executor.shutdown()
    connection.dec_thread_sharing()


_executors: list[ThreadPoolExecutor] = []


def make_sender(*affinities: str) -> Sender:
    return Sender(name="default", affinities=affinities, executor=_executors[-1])


async def database(work: Callable[..., R], *arguments: Any, **options: Any) -> R:
    """Use the database from within the loop, as the sender does."""
    return await asyncio.get_running_loop().run_in_executor(_executors[-1], partial(work, *arguments, **options))


async def run_until(sender: Sender, done: Callable[[], bool], seconds: float = 20) -> None:
    """Let the sender work until `done`, then stop it as SIGTERM does."""
    running = asyncio.ensure_future(sender.run())
    try:
        await wait_for(lambda: running.done() or done(), seconds)
    finally:
        sender.stop()
        await asyncio.wait_for(running, 30)


async def wait_for(done: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await database(done):
            await asyncio.sleep(0.02)


def send(done: Callable[[], bool], *affinities: str) -> None:
    """One sender, from its start until `done`."""

    async def scenario() -> None:
        await run_until(make_sender(*affinities), done)

    asyncio.run(scenario())
