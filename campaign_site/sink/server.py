"""The SMTP server of the sink: takes every mail and delivers none."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP
from django.utils import timezone

from campaign_site.sink.store import SinkStore

log = logging.getLogger("diffusion.sink")
FLUSH_SECONDS = 0.5
LARGEST_MAIL = 50_000_000


class SinkHandler:
    """aiosmtpd calls its methods by these names."""

    def __init__(self, store: SinkStore) -> None:
        self.store = store

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        # The server reads line by line from a buffer, so commands sent together are answered in order.
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.store.add(
            sender=envelope.mail_from or "",
            recipients=list(envelope.rcpt_tos),
            content=envelope.original_content or b"",
            now=timezone.now(),
        )
        return "250 2.0.0 Taken by the sink"


def run_sink(host: str, port: int, folder: Path) -> None:
    """Serve until SIGTERM or SIGINT; raises OSError when the port is taken or the folder can't be written."""
    store = SinkStore(folder)
    store.prepare()
    asyncio.run(serve(host=host, port=port, store=store))


async def serve(*, host: str, port: int, store: SinkStore) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = await loop.create_server(lambda: _protocol(store, loop), host, port)
    log.info("The sink takes mail on %s:%d.", host, port)
    flushing = asyncio.create_task(_flush_for_ever(store))
    stopping = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({flushing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.close()
        store.flush()
    await _end(flushing, stopping)


def _protocol(store: SinkStore, loop: asyncio.AbstractEventLoop) -> Any:
    return SMTP(
        SinkHandler(store),
        hostname="sink",
        ident="Diffusion's mail sink",
        data_size_limit=LARGEST_MAIL,
        enable_SMTPUTF8=True,
        loop=loop,
    )


async def _flush_for_ever(store: SinkStore) -> None:
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        store.flush()


async def _end(*tasks: asyncio.Task[Any]) -> None:
    """Stop the tasks; one that had failed says why."""
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
