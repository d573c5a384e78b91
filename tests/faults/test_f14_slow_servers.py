"""F14: servers that are silent, slow or half gone: every phase has its limit, and no domain waits for another."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest

from deliveries.channels.base import Result
from deliveries.channels.email.dns import Dns
from deliveries.channels.email.mail_servers import MailServers
from deliveries.channels.email.smtp import DirectConnector, SmtpOptions, Timeouts
from deliveries.endpoints import Endpoint
from recipients.vocabulary import FailureReason
from tests.deliveries.channels.email.test_smtp_servers import outcomes, talk
from tests.dns_server import dns_server
from tests.smtp_server import Dialogue, ListOutbox, Script, free_port, message, scripted_server


@pytest.mark.parametrize("verb", ["", "EHLO", "MAIL", "RCPT", "DATA"])
def test_f14_a_server_silent_before_the_dot_is_given_up_within_the_limit(verb: str) -> None:
    outbox = talk(Dialogue({verb: "…"}), message(1))

    assert outcomes(outbox) == [Result.UNSENT]
    assert "0.4" in outbox.results[1].detail


def test_f14_silence_after_the_dot_is_a_doubt_never_a_failure() -> None:
    outbox = talk(Dialogue({".": "…"}), message(1))

    assert outcomes(outbox) == [Result.IN_DOUBT]
    assert outbox.results[1].failure_reason == FailureReason.OUTCOME_UNKNOWN


def drip(text: bytes, pause: float) -> Script:
    """One byte at a time, for ever."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            for byte in text:
                writer.write(bytes([byte]))
                await asyncio.sleep(pause)

    return script


@pytest.mark.parametrize("text", [b"220 this greeting comes one byte at a time", b"220-line\r\n"])
def test_f14_bytes_that_trickle_in_do_not_extend_the_limit(text: bytes) -> None:
    started = time.monotonic()
    outbox = talk(drip(text, 0.05), message(1))

    assert outcomes(outbox) == [Result.UNSENT]
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(("verb", "expected"), [("DATA", Result.UNSENT), (".", Result.IN_DOUBT)])
def test_f14_a_server_that_closes_late_is_judged_by_the_dot(verb: str, expected: Result) -> None:
    class Late(Dialogue):
        async def _answer(self, asked: str, writer: asyncio.StreamWriter) -> str:
            if asked == verb:
                await asyncio.sleep(0.2)
                return ""
            return await super()._answer(asked, writer)

    assert outcomes(talk(Late(), message(1))) == [expected]


GOOD = ("one.example", "two.example", "three.example", "four.example")
PATIENT = Timeouts(connect=20, greeting=20, command=20, data=20, block=20, final=20, quit=0.2)


@pytest.mark.parametrize(
    "bad",
    [Dialogue({"": "…"}), Dialogue({"MAIL": "…"}), Dialogue({".": "…"}), drip(b"220-slow\r\n", 0.05)],
    ids=["silent", "silent at MAIL", "silent after the dot", "one byte at a time"],
)
def test_f14_one_bad_domain_of_five_leaves_the_others_their_pace(bad: Script) -> None:
    good = Dialogue()
    outboxes = {domain: ListOutbox([message(n) for n in range(1, 51)], destination=domain) for domain in GOOD}
    stuck = ListOutbox([message(1), message(2)], destination="bad.example")
    zones = {**{domain: {"A": ["127.0.0.1"]} for domain in GOOD}, "bad.example": {"A": ["127.0.0.2"]}}

    async def run(dns: str) -> None:
        port = free_port()
        options = SmtpOptions(Endpoint("", port, "off", "", ""), timeouts=PATIENT, direct=True)
        connector = DirectConnector(options, MailServers(options, Dns(dns), allow_private=True))
        async with contextlib.AsyncExitStack() as stack, asyncio.timeout(15):
            await stack.enter_async_context(scripted_server(good, "127.0.0.1", port))
            await stack.enter_async_context(scripted_server(bad, "127.0.0.2", port))
            waiting = asyncio.create_task(connector.run_session(0, stuck))
            await asyncio.gather(*(connector.run_session(n, each) for n, each in enumerate(outboxes.values(), 1)))
            assert not waiting.done()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    with dns_server(zones) as dns:
        asyncio.run(run(dns.address))

    assert len(good.mails) == 200
    assert all(set(outcomes(outbox)) == {Result.ACCEPTED} for outbox in outboxes.values())
