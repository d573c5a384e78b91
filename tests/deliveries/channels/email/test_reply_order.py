"""Replies that can't be those of their commands: none is believed, and the connection ends."""

from __future__ import annotations

import asyncio

import pytest

from deliveries.channels.base import Result
from recipients.vocabulary import FailureReason
from tests.deliveries.channels.email.test_smtp_servers import outcomes, talk
from tests.smtp_server import Dialogue, message

SINGLY = {"EHLO": "250 test"}


@pytest.mark.parametrize("extensions", [{}, SINGLY], ids=["pipelining", "singly"])
@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        ("MAIL", "354 go"),
        ("MAIL", "334 say more"),
        ("RCPT", "354 go"),
        ("DATA", "250 ok"),
        ("DATA", "334 say more"),
        ("MAIL", "250 ok\r\n250 ok once more"),
        ("RCPT", "250 ok\r\n250 ok once more"),
    ],
)
def test_what_no_server_answers_there_delivers_nothing_and_blames_nobody(
    verb: str, answer: str, extensions: dict[str, str]
) -> None:
    server = Dialogue({**extensions, verb: [answer]})
    outbox = talk(server, message(1), message(2))

    assert outcomes(outbox) == [Result.UNSENT, Result.ACCEPTED]
    assert outbox.results[1].failure_reason == FailureReason.UNREACHABLE
    assert answer.splitlines()[-1][:6] in outbox.results[1].detail
    assert ("intend", 1) not in outbox.journal
    assert [mail.splitlines()[0] for mail in server.mails] == [b"Subject: mail 2"]
    assert sum(command.startswith("EHLO") for command in server.commands) == 2


@pytest.mark.parametrize("extensions", [{}, SINGLY], ids=["pipelining", "singly"])
def test_a_dot_that_is_asked_for_more_is_in_doubt_and_the_next_message_goes_over_another_connection(
    extensions: dict[str, str],
) -> None:
    server = Dialogue({**extensions, ".": ["354 go"]})
    outbox = talk(server, message(1), message(2))

    assert outcomes(outbox) == [Result.IN_DOUBT, Result.ACCEPTED]
    assert outbox.results[1].failure_reason == FailureReason.OUTCOME_UNKNOWN
    assert sum(command.startswith("EHLO") for command in server.commands) == 2


@pytest.mark.parametrize(
    "shifted",
    [
        # One too many before the dot's own: what it was answered stands where MAIL's answer is due.
        b"250 unasked\r\n550 5.7.1 the dot\r\n250 MAIL\r\n250 RCPT\r\n354 DATA\r\n",
        b"550 unasked\r\n250 the dot\r\n250 MAIL\r\n250 RCPT\r\n354 DATA\r\n",
        b"250 unasked\r\n550 5.7.1 the dot\r\n250 MAIL\r\n550 5.1.1 RCPT\r\n503 DATA\r\n",
        # One too few: the dot has none.
        b"250 MAIL\r\n250 RCPT\r\n354 DATA\r\n",
    ],
    ids=["too many, refused", "too many, taken", "too many, no DATA", "too few"],
)
def test_shifted_replies_after_a_dot_leave_it_in_doubt_and_refuse_nobody(shifted: bytes) -> None:
    server = Shifting(shifted)
    outbox = talk(server, message(1), message(2), message(3))

    assert outcomes(outbox) == [Result.IN_DOUBT, Result.ACCEPTED, Result.ACCEPTED]
    assert server.connections == 2


def test_a_goodbye_after_a_good_reply_takes_nothing_back() -> None:
    server = Dialogue({".": ["250 taken\r\n221 that was all"]})

    assert outcomes(talk(server, message(1), message(2))) == [Result.ACCEPTED] * 2


class Shifting:
    """Answers the first group that has a dot with the bytes given; everything else as it should."""

    def __init__(self, shifted: bytes) -> None:
        self.shifted = shifted
        self.connections = 0
        self.good = Dialogue()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.connections > 1:
            await self.good(reader, writer)
            return
        writer.write(b"220 ready\r\n")
        await reader.readline()
        writer.write(b"250-test\r\n250 PIPELINING\r\n")
        await reader.readuntil(b"DATA\r\n")
        writer.write(b"250 ok\r\n250 ok\r\n354 go\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        await reader.readuntil(b"DATA\r\n")
        writer.write(self.shifted)
        await reader.read()
