"""The process that reads mails: limited in memory and time, without a database, secrets or a network of its own.

It is told the rules first and then reads one mail after another: frames of four bytes of length and the contents.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import struct
import sys
from types import FrameType
from typing import Any, BinaryIO

from deliveries.inbound.reading.mail import read_mail
from deliveries.inbound.reading.rules import Rules
from deliveries.inbound.reading.verdict import as_document

MEMORY_LIMIT = 256 * 1024 * 1024
# A little less than the parent's patience: whoever stops by himself can say why.
SECONDS = 4.5
# Whoever sends comes first: a storm of bounces can wait.
NICENESS = 10
LENGTH = struct.Struct(">I")
FRAME_LIMIT = 64 * 1024 * 1024
READY = b"ready"
TOO_LONG, TOO_LARGE, FAILED = "too long", "too large", "failed"


class OutOfTime(Exception):
    pass


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.nice(NICENESS)
    signal.signal(signal.SIGALRM, _out_of_time)
    # Ctrl-C is the parent's; it ends its children itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    first = read_frame(source)
    if first is None:
        return
    rules = Rules.from_document(json.loads(first)).ready()
    write_frame(sink, READY)
    while (raw := read_frame(source)) is not None:
        answer, rules = answered(raw, rules)
        write_frame(sink, json.dumps(answer).encode())


def answered(raw: bytes, rules: Rules) -> tuple[dict[str, Any], Rules]:
    """The answer to one mail and the rules that remain: one that took too long is not asked again."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        return {"reading": as_document(read_mail(raw, rules))}, rules
    except OutOfTime:
        slow = rules.progress.rule
        return {"unreadable": TOO_LONG, "rule": slow}, rules.without(slow).ready() if slow else rules
    except (MemoryError, RecursionError):
        return {"unreadable": TOO_LARGE}, rules
    except Exception as error:
        # A mail that no code foresaw: it is set aside, the next one is read.
        return {"unreadable": FAILED, "error": f"{type(error).__name__}: {error}"[:500]}, rules
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def read_frame(source: BinaryIO) -> bytes | None:
    """The contents of the next frame; None at the end of the stream or when it breaks off."""
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    if length > FRAME_LIMIT:
        return None
    content = source.read(length)
    return content if len(content) == length else None


def write_frame(sink: BinaryIO, content: bytes) -> None:
    sink.write(LENGTH.pack(len(content)) + content)
    sink.flush()


def _out_of_time(signal_number: int, frame: FrameType | None) -> None:
    raise OutOfTime


if __name__ == "__main__":
    main()
