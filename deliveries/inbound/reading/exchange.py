"""Frames to a child process and back, each exchange in limited time, without a thread to watch the clock."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, cast

from deliveries.inbound.reading.child import FRAME_LIMIT, LENGTH

_AT_ONCE = 64 * 1024


def start(command: Sequence[str], *, folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """The child that `ask` asks."""
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        cwd=folder,
        env=environment,
    )
    for stream in (child.stdin, child.stdout):
        os.set_blocking(cast("IO[bytes]", stream).fileno(), False)
    return child


def ask(child: subprocess.Popen[bytes], content: bytes, seconds: float) -> bytes:
    """The answer to one frame. Raises TimeoutError, or another OSError when the child is gone."""
    until = time.monotonic() + seconds
    _write(cast("IO[bytes]", child.stdin).fileno(), LENGTH.pack(len(content)) + content, until)
    source = cast("IO[bytes]", child.stdout).fileno()
    begun = _read(source, LENGTH.size, until)
    (length,) = LENGTH.unpack_from(begun)
    if length > FRAME_LIMIT:
        raise BrokenPipeError
    # Nothing follows an answer before the next question.
    return (begun + _read(source, length + LENGTH.size - len(begun), until))[LENGTH.size :]


def _write(sink: int, content: bytes, until: float) -> None:
    left = memoryview(content)
    while left:
        try:
            left = left[os.write(sink, left) :]
        except BlockingIOError:
            _wait(sink, select.POLLOUT, until)


def _read(source: int, least: int, until: float) -> bytes:
    """At least so many bytes, and what comes with them."""
    pieces, size = [], 0
    while size < least:
        _wait(source, select.POLLIN, until)
        piece = os.read(source, _AT_ONCE)
        if not piece:
            raise BrokenPipeError
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def _wait(stream: int, event: int, until: float) -> None:
    waiting = select.poll()
    waiting.register(stream, event)
    if not waiting.poll(max(0.0, until - time.monotonic()) * 1000):
        raise TimeoutError
