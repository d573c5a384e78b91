"""One sending session: messages from the outbox over one connection at a time, each recorded exactly once.

With PIPELINING the content of a message, its final dot and the envelope of the next one leave in one write and are
answered in one read (RFC 2920 §3.1), and as long as every reply is good the next group leaves from within the read;
without it, command by command. A message goes through these hands:
waiting (taken) → addressed (envelope on its way) → opened (354 came) → dotted (the final dot left).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

from django.utils.translation import gettext as _

from common.failpoints import failpoint
from deliveries.channels.base import Message, Outbox, Result, SendResult
from deliveries.channels.email.handshake import Connection
from deliveries.channels.email.options import SmtpOptions, Unavailable
from deliveries.channels.email.replies import Stage, classify, not_supported, too_large, unsafe_address, unsent
from deliveries.channels.email.transport import SERVICE_CLOSING, Reply
from deliveries.channels.email.wire import END_OF_DATA, envelope, is_safe_path, needs_smtputf8, wire_body
from recipients.vocabulary import FailureReason, FailureType

BLOCK = 64 * 1024
# How often a resting session looks whether it shall end.
REST_SECONDS = 0.25
ACCEPTED = SendResult(Result.ACCEPTED)
ENVELOPE = (Stage.MAIL, Stage.RCPT, Stage.DATA)
AFTER_CONNECT, AFTER_RCPT, MID_DATA = failpoint("after_connect"), failpoint("after_rcpt"), failpoint("mid_data")
AFTER_DOT, AFTER_250 = failpoint("after_dot_before_250"), failpoint("after_250_before_commit")
AFTER_COMMIT = failpoint("after_commit")


class Health(Protocol):
    """The sessions' connector: it opens their connections, and hears how they fare."""

    async def open_connection(self, destination: str) -> Connection: ...

    def note_trouble(self, text: str, seconds: float, connection: Connection | None) -> None:
        """A session rests for so long; `connection` is the one that it gives up, when it has one."""

    def note_success(self) -> None: ...


class SmtpSession:
    def __init__(self, number: int, outbox: Outbox, options: SmtpOptions, health: Health) -> None:
        self._number = number
        self._outbox = outbox
        self._options = options
        self._health = health
        self._connection: Connection | None = None
        # What went wrong, until the session has rested: no message is to blame, and the next would fare no better.
        self._trouble: SendResult | None = None
        self._delay = options.backoff_seconds[0]
        self._reset_needed = False
        self._asking: asyncio.Task[Message | None] | None = None
        # Taken and not yet on their way: first come, first sent.
        self._waiting: list[Message] = []
        self._addressed: Message | None = None
        self._opened: Message | None = None
        self._body = b""
        self._dotted: Message | None = None

    async def run(self) -> None:
        try:
            while await self._take_first():
                if await self._connect():
                    await self._converse()
                if self._trouble:
                    await self._rest()
            await self._quit()
        finally:
            await self._settle()

    # Taking messages

    async def _take_first(self) -> bool:
        """Wait for a message, giving an idle connection back; False when there will be none."""
        if not self._waiting:
            message = self._outbox.take() or await self._wait_for_message()
            self._waiting = [message] if message is not None else []
        return bool(self._waiting)

    async def _wait_for_message(self) -> Message | None:
        self._asking = asyncio.ensure_future(self._outbox.next())
        if self._connection is not None:
            await asyncio.wait({self._asking}, timeout=self._options.idle_seconds)
            if not self._asking.done():
                await self._quit()
        await asyncio.wait({self._asking})
        asked, self._asking = self._asking, None
        return asked.result()

    def _next_to_address(self, connection: Connection) -> Message | None:
        """The next message that this connection may take, if one is here: nobody waits while a message is open."""
        while connection.started < connection.limit:
            message = self._waiting.pop(0) if self._waiting else self._outbox.take()
            if message is None:
                return None
            refusal = self._refusal(message, connection)
            if refusal is None:
                connection.started += 1
                connection.first = connection.first or message
                return message
            self._record(message, refusal)
        return None

    def _refusal(self, message: Message, connection: Connection) -> SendResult | None:
        if not message.address or not is_safe_path(f"{message.address}{message.sender}"):
            return unsafe_address()
        if needs_smtputf8(message) and "SMTPUTF8" not in connection.extensions:
            return not_supported()
        if connection.size_limit and len(message.content) > connection.size_limit:
            return too_large(len(message.content), connection.size_limit)
        return None

    # The connection

    async def _connect(self) -> bool:
        if self._connection is not None and self._connection.line.usable:
            return True
        self._hang_up()
        try:
            connection = await self._health.open_connection(self._outbox.destination)
        except Unavailable as error:
            self._give_up(error.result)
            return False
        if AFTER_CONNECT:
            AFTER_CONNECT()
        allowance = self._outbox.allowance()
        connection.limit = connection.limit if allowance is None else min(connection.limit, max(1, allowance))
        self._connection = connection
        return True

    def _give_up(self, result: SendResult) -> None:
        """Nothing can be sent now: what is in hand goes back, and the session rests before it takes more.

        A refusal for good needs no rest: it is known at once for the next message too.
        """
        self._trouble = result if result.result is Result.UNSENT else None
        waiting, self._waiting = self._waiting, []
        for message in waiting:
            self._record(message, result)

    async def _rest(self) -> None:
        trouble, delay = self._trouble or unsent(""), self._delay
        self._delay = min(delay * 2, self._options.backoff_seconds[1])
        self._health.note_trouble(trouble.detail, delay, self._connection)
        self._hang_up()
        if trouble.result is Result.UNSENT:
            self._give_up(trouble)
        self._trouble = None
        while delay > 0 and not self._outbox.ending:
            await asyncio.sleep(min(delay, REST_SECONDS))
            delay -= REST_SECONDS

    async def _quit(self) -> None:
        """Say goodbye; whatever the server makes of it, everything is recorded already."""
        connection = self._connection
        if connection is not None and connection.line.usable:
            await connection.line.exchange(b"QUIT\r\n", (self._options.timeouts.quit,))
        self._hang_up()

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.line.close()
        self._connection = None
        self._reset_needed = False

    # Sending

    async def _converse(self) -> None:
        """Send over the open connection until messages, connection or its allowance run out."""
        connection = self._connection
        while connection is not None and connection.line.usable and not self._trouble:
            following = self._next_to_address(connection)
            if following is None and self._opened is None:
                await self._end_allowance(connection)
                return
            self._addressed = following
            if not await self._exchange(connection):
                break
        self._lose_open(connection)

    async def _end_allowance(self, connection: Connection) -> None:
        if connection.started >= connection.limit:
            await self._quit()

    async def _exchange(self, connection: Connection) -> bool:
        """One round: the body of the opened message, then the envelope of the addressed one."""
        if self._opened is not None:
            self._body = wire_body(self._opened)
            if MID_DATA and MID_DATA.due() and await connection.line.drain(self._body[: len(self._body) // 2]):
                MID_DATA.strike()
            if len(self._body) > BLOCK and not await self._write_blocks(connection):
                return True
        commands = envelope(self._addressed, connection.extensions) if self._addressed else ()
        if "PIPELINING" in connection.extensions:
            return await self._exchange_group(connection, commands)
        return await self._exchange_singly(connection, commands)

    async def _write_blocks(self, connection: Connection) -> bool:
        """All of a long body but its last block, which leaves together with the dot."""
        last = (len(self._body) - 1) // BLOCK * BLOCK
        for start in range(0, last, BLOCK):
            if not await connection.line.drain(self._body[start : start + BLOCK]):
                reply = connection.line.first_reply()
                connection.line.close(reply.text if reply else "")
                return False
        self._body = self._body[last:]
        return True

    async def _exchange_group(self, connection: Connection, commands: tuple[bytes, ...]) -> bool:
        timeouts, finishing, resetting = self._options.timeouts, self._opened, False
        data, limits = b"".join(commands), [timeouts.command, timeouts.command, timeouts.data][: len(commands)]
        if finishing is not None:
            data, limits = self._body + END_OF_DATA + data, [timeouts.final, *limits]
            if not self._intend(finishing):
                return False
        elif self._reset_needed:
            data, limits, resetting = b"RSET\r\n" + data, [timeouts.command, *limits], True
        flowing = finishing is not None and bool(commands) and not MID_DATA
        exchange = (
            connection.line.stream(data, limits, self._go_on) if flowing else connection.line.exchange(data, limits)
        )
        replies: list[Reply | None] = list(await exchange)
        replies += [None] * (len(limits) - len(replies))
        # RSET is granted as MAIL is.
        first = (Stage.DOT,) if finishing is not None else (Stage.MAIL,) * resetting
        if not self._keeps_order(connection, (*first, *ENVELOPE), replies):
            return True
        if finishing is not None:
            self._finish(connection, replies.pop(0))
        elif resetting:
            self._check_reset(connection, replies.pop(0))
        await self._judge_envelope(connection, replies)
        return True

    def _go_on(self, reply: Reply) -> bool:
        """A group was granted: the next one leaves at once. False leaves all of it to the conversation."""
        connection, opening = self._connection, self._addressed
        if connection is None or opening is None or len(opening.content) > BLOCK:
            return False
        following = self._next_to_address(connection)
        if following is None:
            return False
        self._finish(connection, reply)
        if AFTER_RCPT:
            AFTER_RCPT()
        self._opened, self._addressed = opening, following
        if not self._intend(opening):
            return False
        connection.line.follow(b"".join((wire_body(opening), END_OF_DATA, *envelope(following, connection.extensions))))
        return True

    async def _exchange_singly(self, connection: Connection, commands: tuple[bytes, ...]) -> bool:
        timeouts = self._options.timeouts
        if self._opened is not None:
            if not self._intend(self._opened):
                return False
            reply = await self._ask(connection, self._body + END_OF_DATA, timeouts.final)
            if not self._keeps_order(connection, (Stage.DOT,), [reply]):
                return True
            self._finish(connection, reply)
        elif self._reset_needed:
            self._check_reset(connection, await self._ask(connection, b"RSET\r\n", timeouts.command))
        replies: list[Reply | None] = []
        for stage, command in zip(ENVELOPE, commands, strict=False):
            limit = timeouts.data if stage is Stage.DATA else timeouts.command
            replies.append(await self._ask(connection, command, limit))
            if not _accepted(stage, replies[-1]):
                break
        if self._keeps_order(connection, ENVELOPE, replies):
            await self._judge_envelope(connection, replies)
        return True

    async def _ask(self, connection: Connection, data: bytes, limit: float) -> Reply | None:
        replies = await connection.line.exchange(data, (limit,))
        return replies[0] if replies else None

    def _intend(self, message: Message) -> bool:
        """Journal the dot that leaves next; when it must not, the connection is cut before it."""
        if not self._connection or not self._connection.line.usable:
            return False
        intended = self._outbox.intend(message, self._number)
        self._opened = None
        if intended:
            self._dotted = message
            if AFTER_DOT:
                AFTER_DOT.soon()
        else:
            self._hang_up()
            self._record(message, unsent(_("Stopped before it was sent.")))
        return intended

    # Replies

    def _keeps_order(self, connection: Connection, stages: tuple[Stage, ...], replies: list[Reply | None]) -> bool:
        """Whether every reply can be that of its command. If not, none of them is believed and the connection is cut.

        A reply too many or too few shifts all that follow: what the dot was answered is unknown then.
        """
        misplaced = _misplaced(stages, replies)
        if misplaced is None and not (replies and _accepted(Stage.DATA, replies[-1])):
            # Nothing but the grant of DATA shows that the count was right.
            misplaced = connection.line.surplus
        if misplaced is None:
            return True
        connection.line.ending = _("The server's replies are out of order: %(reply)s") % {"reply": misplaced.text}
        connection.line.close()
        self._finish(connection, None)
        return False

    def _finish(self, connection: Connection | None, reply: Reply | None) -> None:
        """Record what became of the message whose dot left."""
        message, self._dotted = self._dotted, None
        if message is None:
            return
        if reply is None or not (200 <= reply.code < 300 or reply.code >= 400):
            ending = reply.text if reply else (connection.line.ending if connection else "")
            # The next messages might end in doubt too: the session rests first.
            self._trouble = _in_doubt(ending or _("The sender stopped."))
            self._record(message, self._trouble)
        elif reply.code >= 400:
            self._refuse(message, Stage.DOT, reply)
        else:
            if AFTER_250:
                AFTER_250()
            self._record(message, ACCEPTED)
            if AFTER_COMMIT:
                AFTER_COMMIT.soon()
            self._delay = self._options.backoff_seconds[0]
            self._health.note_success()

    def _check_reset(self, connection: Connection, reply: Reply | None) -> None:
        self._reset_needed = False
        if reply is not None and not 200 <= reply.code < 300:
            connection.line.close()

    async def _judge_envelope(self, connection: Connection, replies: list[Reply | None]) -> None:
        message, self._addressed = self._addressed, None
        if message is None:
            return
        for stage, reply in zip(ENVELOPE, replies, strict=False):
            if reply is None or reply.code == SERVICE_CLOSING:
                self._lose(connection, message, slow_down=reply is not None)
                return
            if not _accepted(stage, reply):
                self._reset_needed = True
                self._refuse(message, stage, reply)
                await self._close_data(connection, stage, replies)
                return
        if AFTER_RCPT:
            AFTER_RCPT()
        self._opened = message

    async def _close_data(self, connection: Connection, refused: Stage, replies: list[Reply | None]) -> None:
        """End a DATA that was granted although the envelope was refused."""
        data = replies[-1] if len(replies) == len(ENVELOPE) else None
        if data is None or data.code != 354 or refused is Stage.DATA:
            return
        # A lone dot is refused or delivers to nobody, unless the server took the recipient without a sender.
        if refused is Stage.MAIL and _accepted(Stage.RCPT, replies[1]):
            connection.line.close()
            return
        reply = await self._ask(connection, END_OF_DATA, self._options.timeouts.final)
        if reply is None or not _fits(Stage.DOT, reply):
            connection.line.close()

    def _refuse(self, message: Message, stage: Stage, reply: Reply) -> None:
        result = classify(stage, reply.code, "", reply.text, direct=self._options.direct)
        self._record(message, result)
        if result.result is Result.UNSENT and not result.receiver_fault:
            self._trouble = self._trouble or result

    def _lose(self, connection: Connection, message: Message, *, slow_down: bool = False) -> None:
        """The connection ended before this message's dot: certainly not delivered.

        The first message of a connection goes back; any other is the first one of the next connection.
        """
        if message is not connection.first:
            self._waiting.insert(0, message)
            return
        ending = connection.line.ending or _("The connection was closed.")
        self._trouble = self._trouble or unsent(ending, slow_down=slow_down)
        self._record(message, unsent(self._trouble.detail, slow_down=self._trouble.slow_down))

    def _lose_open(self, connection: Connection | None) -> None:
        lost = [message for message in (self._addressed, self._opened) if message is not None]
        self._addressed = self._opened = None
        for message in lost:
            if connection is not None and self._connection is not None:
                self._lose(connection, message)
            else:
                self._waiting.insert(0, message)

    def _record(self, message: Message, result: SendResult) -> None:
        self._outbox.record(message, result, self._number)

    async def _settle(self) -> None:
        """Whatever ended the session: each message still in hand gets its outcome."""
        connection = self._connection
        self._finish(connection, connection.line.first_reply() if connection else None)
        held = [message for message in (self._addressed, self._opened, *self._waiting) if message is not None]
        self._addressed, self._opened, self._waiting = None, None, []
        self._hang_up()
        for message in held:
            self._record(message, unsent(_("The sender stopped.")))
        await self._settle_asking()

    async def _settle_asking(self) -> None:
        asking, self._asking = self._asking, None
        if asking is None:
            return
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({asking})
        message = asking.result() if asking.done() and not asking.cancelled() and not asking.exception() else None
        if message is not None:
            self._record(message, unsent(_("The sender stopped.")))


def _accepted(stage: Stage, reply: Reply | None) -> bool:
    return reply is not None and (reply.code == 354 if stage is Stage.DATA else reply.granted)


def _fits(stage: Stage, reply: Reply) -> bool:
    return reply.code >= 400 or _accepted(stage, reply)


def _misplaced(stages: tuple[Stage, ...], replies: list[Reply | None]) -> Reply | None:
    """The first reply that can't be one to its command: a grant of something else."""
    for stage, reply in zip(stages, replies, strict=False):
        if reply is not None and not _fits(stage, reply):
            return reply
    return None


def _in_doubt(ending: str) -> SendResult:
    return SendResult(Result.IN_DOUBT, FailureType.UNDEFINED, FailureReason.OUTCOME_UNKNOWN, ending)
