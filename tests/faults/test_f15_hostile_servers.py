"""F15: servers that speak anything but SMTP: nobody is blamed, little is kept, memory stays bounded."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest

from deliveries.channels.base import Result
from recipients.vocabulary import FailureReason, FailureType
from tests.deliveries.channels.email.test_smtp_servers import outcomes, talk
from tests.smtp_server import Dialogue, Script

KEPT = 64 * 1024
# At most this much more, whatever a server sends; the product promises 50 MB.
MEMORY = 10 * 1024 * 1024


def flood(start: bytes, piece: bytes, count: int) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        for _ in range(count):
            writer.write(piece)
            await writer.drain()
        await reader.read()

    return script


HOSTILE: dict[str, Script] = {
    "10 MB in one line": flood(b"220 ", b"x" * 65536, 160),
    "a multi-line greeting without end": flood(b"", b"220-again and again\r\n" * 1000, 1000),
    "NUL bytes": flood(b"", b"\0" * 1000 + b"\r\n", 3),
    "invalid UTF-8 without a code": flood(b"", b"\xff\xfe\xfd\r\n", 1),
    "no code": flood(b"", b"hello there\r\n", 1),
    "a code out of range": flood(b"", b"999 hello\r\n", 1),
    "replies that nobody asked for": flood(b"", b"220 ok\r\n" * 1000, 100),
    "an HTTP server": flood(b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", 1),
    "a bare line feed without end": flood(b"", b"\n" * 65536, 160),
    "an endless EHLO": Dialogue({"EHLO": "250-extension\r\n" * 20_000 + "250 x"}),
    "garbage after MAIL": Dialogue({"MAIL": "\0\0\0"}),
    "garbage after RCPT": Dialogue({"RCPT": "250-" + "x" * 100_000}),
}


@pytest.mark.parametrize("server", HOSTILE.values(), ids=HOSTILE)
def test_f15_a_hostile_server_costs_nobody_anything_and_little_is_kept(server: Script) -> None:
    tracemalloc.start()
    try:
        outbox = talk(server)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < MEMORY
    assert outcomes(outbox) == [Result.UNSENT] * 2
    for result in outbox.results.values():
        assert (result.failure_type, result.failure_reason) == (FailureType.SOFT, FailureReason.UNREACHABLE)
        assert 0 < len(result.detail) <= KEPT


def test_f15_garbage_after_the_dot_is_a_doubt_of_bounded_size() -> None:
    outbox = talk(Dialogue({".": "x" * 1_000_000}))

    assert set(outcomes(outbox)) == {Result.IN_DOUBT}
    assert all(len(result.detail) <= KEPT for result in outbox.results.values())
