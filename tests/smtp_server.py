"""Servers to send to: postfix's smtp-sink with its faults, and scripts that answer line by line. Loopback only."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import re
import socket
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from deliveries.channels.base import Message, SendResult
from tests.services import smtp_sink_path

HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass
class Sink:
    port: int
    folder: Path

    def dumps(self) -> list[bytes]:
        """Every mail that the sink stored, as it came after DATA (dots unstuffed, LF lines, no sink headers)."""
        # A transaction that has not come to its content is a file too, until it is reset.
        files = [_read(path) for path in sorted(self.folder.iterdir())]
        return [_content_of(dump) for dump in files if b"\nReceived: " in dump]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _content_of(dump: bytes) -> bytes:
    # smtp-sink writes X-… lines of the envelope and a Received header before the content, and an empty line after it.
    return re.sub(rb"\A(?:X-[A-Za-z-]+: [^\n]*\n)+Received: [^\n]*\n(?:\t[^\n]*\n)*", b"", dump).removesuffix(b"\n")


@contextlib.contextmanager
def smtp_sink(folder: Path, *arguments: str, port: int | None = None) -> Iterator[Sink]:
    """A running smtp-sink that dumps each mail into a file below `folder`."""
    port = port or free_port()
    dumps = folder / f"dumps-{port}"
    dumps.mkdir()
    dumps.chmod(0o777)
    for parent in (folder, *folder.parents):
        with contextlib.suppress(PermissionError):
            parent.chmod(parent.stat().st_mode | 0o011)
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
    path = str(smtp_sink_path())
    command = [path, *as_nobody, *arguments, "-R", str(dumps), "-d", "%M.", f"{HOST}:{port}", "100"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_for_port(port, process)
        yield Sink(port, dumps)
    finally:
        process.terminate()
        process.communicate(timeout=10)


def wait_for_port(port: int, process: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"The server ended: {process.stderr.read().decode() if process.stderr else ''}")
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"Nothing listens on port {port}.")


Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def scripted_server(script: Script, host: str = HOST, port: int = 0) -> AsyncIterator[int]:
    """The port of a server that runs `script` for every connection."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await script(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, host, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@contextlib.contextmanager
def running_server(script: Script) -> Iterator[int]:
    """The same for a test without an event loop: the server runs in a thread."""
    loop, ports = asyncio.new_event_loop(), queue.SimpleQueue[int]()
    ended = asyncio.Event()

    async def serve() -> None:
        async with scripted_server(script) as port:
            ports.put(port)
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    try:
        yield ports.get(timeout=10)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)


@dataclass
class Dialogue:
    """A server that answers each command by its verb, and keeps what it was told.

    `answers` maps a verb (EHLO, MAIL, …, "." for the end of data, "" for the greeting) to its reply; a list is used up
    one by one. None hangs up, "…" keeps silent.
    """

    answers: dict[str, str | list[str | None] | None] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)

    DEFAULTS = {
        "": "220 ready",
        "EHLO": "250-test\r\n250 PIPELINING",
        "HELO": "250 test",
        "DATA": "354 go",
        "QUIT": "221 bye",
    }

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await self._answer("", writer):
            return
        while line := await reader.readline():
            self.commands.append(line.decode("utf-8", "replace").rstrip("\r\n"))
            verb = self.commands[-1].partition(" ")[0].upper()
            code = await self._answer(verb, writer)
            if code == "354" and verb == "DATA":
                await self._read_mail(reader)
                self.commands.append(".")
                code = await self._answer(".", writer)
            if not code or verb == "QUIT":
                return

    async def _read_mail(self, reader: asyncio.StreamReader) -> None:
        mail = b""
        while (line := await reader.readuntil(b"\n")) != b".\r\n":
            mail += line[1:] if line.startswith(b".") else line
        self.mails.append(mail)

    async def _answer(self, verb: str, writer: asyncio.StreamWriter) -> str:
        answer = self.answers.get(verb, self.DEFAULTS.get(verb, "250 ok"))
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else self.DEFAULTS.get(verb, "250 ok")
        if answer is None:
            return ""
        if answer == "…":
            await asyncio.sleep(3600)
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        return answer[:3]


@dataclass
class ListOutbox:
    """An outbox over a list: keeps the order of everything that a session tells it."""

    messages: list[Message]
    journal: list[tuple[str, int]] = field(default_factory=list)
    results: dict[int, SendResult] = field(default_factory=dict)
    refuse_intent: Iterable[int] = ()
    # What to do when the list is used up: end the sessions, or keep them waiting.
    wait_for_more: asyncio.Event | None = None
    destination: str = ""
    ending: bool = False
    messages_per_connection: int | None = None

    def take(self) -> Message | None:
        return self.messages.pop(0) if self.messages else None

    def allowance(self) -> int | None:
        return self.messages_per_connection

    async def next(self) -> Message | None:
        while not self.messages and (event := self.wait_for_more) is not None:
            await event.wait()
            event.clear()
        return self.messages.pop(0) if self.messages else None

    def intend(self, message: Message, session: int) -> bool:
        self.journal.append(("intend", message.broadlog_id))
        return message.broadlog_id not in set(self.refuse_intent)

    def record(self, message: Message, result: SendResult, session: int) -> None:
        assert message.broadlog_id not in self.results, "recorded twice"
        self.journal.append(("record", message.broadlog_id))
        self.results[message.broadlog_id] = result


def message(number: int = 1, content: bytes | None = None, **values: object) -> Message:
    body = content if content is not None else f"Subject: mail {number}\r\n\r\nBody of {number}\r\n".encode()
    defaults: dict[str, object] = {
        "broadlog_id": number,
        "sender": "bounce@example.com",
        "address": f"person{number}@example.org",
        "content": body,
    }
    return Message(**{**defaults, **values})  # type: ignore[arg-type]
