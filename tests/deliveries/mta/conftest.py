"""A sender that runs in the test's own thread, so that it sees the test's database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from deliveries.channels.registry import channels
from deliveries.mta.sender import Sender
from tests.deliveries.mta.connectors import MemoryChannel, MemoryServer


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
def in_loop(monkeypatch: pytest.MonkeyPatch, folder: Path, db: None) -> None:
    """The database may be used in the event loop's thread."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


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
        while not done():
            await asyncio.sleep(0.02)


def send(sender: Sender, done: Callable[[], bool]) -> None:
    asyncio.run(run_until(sender, done))
