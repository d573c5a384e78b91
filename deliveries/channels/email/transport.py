"""One SMTP connection: bytes out, replies in, time limits between them. It knows nothing of messages."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple, cast

from django.utils.translation import gettext as _

MAX_REPLY = 64 * 1024
SERVICE_CLOSING = 421
GOODBYES = (221, SERVICE_CLOSING)
# The replies to one group, all of them good: to the final dot, MAIL, RCPT and DATA.
ALL_GRANTED = re.compile(rb"(2\d\d) ([^\r\n]*)\r\n2\d\d [^\r\n]*\r\n2\d\d [^\r\n]*\r\n354 [^\r\n]*\r\n")
GROUP_SIZE = 4


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds per phase (RFC 5321 §4.5.3.2). After the final dot never less than ten minutes: less doubles mails."""

    connect: float = 300
    greeting: float = 300
    command: float = 300
    data: float = 120
    block: float = 180
    final: float = 600
    quit: float = 10

    def shortest(self) -> float:
        return min(float(getattr(self, item.name)) for item in fields(self))


class Reply(NamedTuple):
    code: int
    raw: bytes

    @property
    def text(self) -> str:
        """The reply as people read it: code first, one line, no control characters, at most 1,000 characters."""
        text = self.raw[:4000].decode("utf-8", "replace")
        return f"{self.code} {' '.join(_printable(text).split())}"[:1000]

    @property
    def granted(self) -> bool:
        return 200 <= self.code < 300


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else " " for character in text)


class Line(asyncio.Protocol):
    """A connection that answers each write with as many replies as were asked for, or fewer when it ended."""

    def __init__(self, timeouts: Timeouts) -> None:
        self.timeouts = timeouts
        # Why nothing more can be sent here; empty while the connection is good.
        self.ending = ""
        self.encrypted = False
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        # A reply that nobody asked for and that is no goodbye: the count is lost.
        self.surplus: Reply | None = None
        self._rest = b""
        self._text: list[bytes] = []
        self._text_size = 0
        self._replies: list[Reply] = []
        # One time limit per reply that is awaited; the greeting comes unasked.
        self._limits: Sequence[float] = (timeouts.greeting,)
        self._waiter: asyncio.Future[None] | None = None
        self._go_on: Callable[[Reply], bool] | None = None
        self._paused = False
        # Between the reply to STARTTLS and the handshake nothing is listened to.
        self._last_in_clear = self._deaf = False
        self._since = 0.0
        self._unsent = 0
        self._tick = min(5.0, timeouts.shortest() / 4)
        self._timer: asyncio.TimerHandle | None = None

    # What the session calls

    @property
    def usable(self) -> bool:
        return not self.ending

    def local_literal(self) -> str:
        """Our side's address as EHLO wants it from a host without a name."""
        name = self._transport.get_extra_info("sockname") if self._transport else None
        address = str(name[0]).partition("%")[0] if name else "127.0.0.1"
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    def first_reply(self) -> Reply | None:
        """The first reply of the exchange that was interrupted, if it had come."""
        return self._replies[0] if self._replies else None

    async def greeting(self) -> list[Reply]:
        return await self._answers()

    async def exchange(self, data: bytes, limits: Sequence[float], *, last_in_clear: bool = False) -> list[Reply]:
        """Write, then wait for one reply per time limit. Fewer come back when the connection ended: see `ending`."""
        if not self._write(data, limits):
            return []
        self._last_in_clear = last_in_clear
        return await self._answers()

    async def stream(self, data: bytes, limits: Sequence[float], go_on: Callable[[Reply], bool]) -> list[Reply]:
        """Exchange groups of a final dot, MAIL, RCPT and DATA as long as all goes well.

        When all four replies are good, `go_on` gets the first of them as soon as they are read. It answers True when
        it has written the next group with `follow`. Else the replies of the last group are the answer.
        """
        self._go_on = go_on
        try:
            return await self.exchange(data, limits)
        finally:
            self._go_on = None

    def follow(self, data: bytes) -> None:
        """Write the next group of a stream; its time limits are those of the one before."""
        self._write(data, self._limits)

    async def drain(self, data: bytes) -> bool:
        """Write one block of a long content and wait until there is room for more; False when the server spoke."""
        if not self._write(data, (self.timeouts.block,)):
            return False
        while self._paused and not self.ending and not self._replies:
            await self._wait()
        return not self.ending and not self._replies

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Encrypt; whatever the server sent before the handshake is forgotten."""
        transport = await self._loop.start_tls(
            cast(asyncio.Transport, self._transport),
            self,
            context,
            server_hostname=host,
            ssl_handshake_timeout=self.timeouts.command,
        )
        self._transport = transport
        self._rest, self._text, self._text_size, self._replies = b"", [], 0, []
        self._last_in_clear = self._deaf = False
        self.encrypted = True

    def close(self, reason: str = "") -> None:
        self._end(reason or _("The connection was closed."))

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._timer = self._loop.call_later(self._tick, self._watch)

    def connection_lost(self, exc: Exception | None) -> None:
        reason = f" ({exc})" if exc else ""
        self._end(_("The server closed the connection%(reason)s.") % {"reason": reason})

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._wake()

    def data_received(self, data: bytes) -> None:
        if self._go_on is not None and not (self._rest or self._replies or self._text or self.ending):
            granted = ALL_GRANTED.fullmatch(data)
            if granted is not None and self._goes_on(Reply(int(granted[1]), granted[2])):
                return
        self._read(data)
        if self._go_on is not None and self._all_granted() and self._goes_on(self._replies[0]):
            return
        if self.ending or len(self._replies) >= len(self._limits):
            self._wake()

    def _goes_on(self, reply: Reply) -> bool:
        """What fails in there is the fault of whoever awaits the stream."""
        try:
            return self._go_on is not None and self._go_on(reply)
        except Exception as error:
            self._go_on = None
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_exception(error)
            return True

    def _all_granted(self) -> bool:
        if len(self._replies) != GROUP_SIZE or self.ending:
            return False
        return self._replies[3].code == 354 and all(reply.granted for reply in self._replies[:3])

    def _read(self, data: bytes) -> None:
        known = len(self._replies)
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            if self.ending or self._deaf:
                break
            self._read_line(line)
        if len(self._rest) > MAX_REPLY:
            self._end(_("The server sent a line that never ends."))
        if len(self._replies) > known:
            self._since = self._loop.time()

    # Replies

    def _read_line(self, line: bytes) -> None:
        code, mark = line[:3], line[3:4]
        if len(code) < 3 or not code.isdigit() or not b"200" <= code <= b"599" or mark not in (b" ", b"-", b"\r", b""):
            self._end(_("The server sent something that is no SMTP reply."))
            return
        text = line[4:].rstrip(b"\r")
        if mark == b"-":
            self._continue_reply(text)
            return
        if self._text:
            text = b"\n".join([*self._text, text])
            self._text, self._text_size = [], 0
        self._complete(Reply(int(code), text))

    def _continue_reply(self, text: bytes) -> None:
        self._text.append(text)
        self._text_size += len(text) + 1
        if self._text_size > MAX_REPLY:
            self._end(_("The server sent a reply that never ends."))

    def _complete(self, reply: Reply) -> None:
        if len(self._replies) >= len(self._limits):
            # A reply that nobody asked for: the server says goodbye, or the count is lost. Both end the connection.
            self.surplus = self.surplus or (None if reply.code in GOODBYES else reply)
            self.ending = reply.text
            return
        self._replies.append(reply)
        self._deaf = self._last_in_clear
        if reply.code in GOODBYES:
            # Nothing sent after this will be answered.
            self.ending = reply.text

    # Waiting

    def _write(self, data: bytes, limits: Sequence[float]) -> bool:
        self._replies = []
        if self.ending or self._transport is None:
            return False
        self._limits, self._since, self._unsent = limits, self._loop.time(), 0
        self._transport.write(data)
        return True

    async def _answers(self) -> list[Reply]:
        while len(self._replies) < len(self._limits) and not self.ending:
            await self._wait()
        return self._replies

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _watch(self) -> None:
        self._timer = self._loop.call_later(self._tick, self._watch)
        if self._waiter is None or self._transport is None:
            return
        unsent = self._transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent, self._since = unsent, self._loop.time()
        limit = self.timeouts.block if unsent else self._limits[min(len(self._replies), len(self._limits) - 1)]
        if self._loop.time() - self._since > limit:
            self._end(_("The server did not answer within %(seconds)g seconds.") % {"seconds": limit})

    def _end(self, reason: str) -> None:
        self.ending = self.ending or reason
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        self._wake()
