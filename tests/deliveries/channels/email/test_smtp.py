"""The SMTP connector against smtp-sink: servers with and without extensions, connections kept and remade."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deliveries.channels.base import Message, Result
from deliveries.channels.email.smtp import SmtpConnector, SmtpOptions, Timeouts
from deliveries.channels.email.wire import wire_content
from deliveries.endpoints import Endpoint
from recipients.vocabulary import FailureReason
from tests.smtp_server import HOST, Dialogue, ListOutbox, free_port, message, scripted_server, smtp_sink

QUICK = Timeouts(connect=5, greeting=5, command=5, data=5, block=5, final=5, quit=1)


def connector(port: int, **options: object) -> SmtpConnector:
    endpoint = Endpoint(host=HOST, port=port, tls="opportunistic", username="", password="")
    defaults: dict[str, object] = {"timeouts": QUICK, "backoff_seconds": (0.01, 0.02)}
    return SmtpConnector(SmtpOptions(endpoint, **{**defaults, **options}))  # type: ignore[arg-type]


def send(port: int, messages: Sequence[Message], sessions: int = 1, **options: object) -> ListOutbox:
    outbox = ListOutbox(list(messages))

    async def run() -> None:
        one = connector(port, **options)
        async with asyncio.timeout(60):
            await asyncio.gather(*(one.run_session(number, outbox) for number in range(sessions)))

    asyncio.run(run())
    return outbox


def results(outbox: ListOutbox) -> list[Result]:
    return [outbox.results[number].result for number in sorted(outbox.results)]


@pytest.mark.smtp_sink
@pytest.mark.parametrize("arguments", [[], ["-p"], ["-e"], ["-8", "-N"], ["-e", "-p", "-8"]], ids=" ".join)
def test_d36_every_message_arrives_once_whatever_the_server_offers(tmp_path: Path, arguments: list[str]) -> None:
    with smtp_sink(tmp_path, *arguments) as sink:
        outbox = send(sink.port, [message(number) for number in range(1, 41)], sessions=3)

        assert results(outbox) == [Result.ACCEPTED] * 40
        assert sorted(sink.dumps()) == sorted(f"Subject: mail {n}\n\nBody of {n}\n".encode() for n in range(1, 41))


@pytest.mark.smtp_sink
def test_the_intent_is_journalled_before_each_outcome(tmp_path: Path) -> None:
    with smtp_sink(tmp_path) as sink:
        outbox = send(sink.port, [message(number) for number in range(1, 6)])

    assert outbox.journal == [(kind, number) for number in range(1, 6) for kind in ("intend", "record")]


@pytest.mark.smtp_sink
def test_a_message_without_intent_is_not_sent_and_the_others_are(tmp_path: Path) -> None:
    with smtp_sink(tmp_path) as sink:
        outbox = ListOutbox([message(number) for number in range(1, 5)], refuse_intent=[2])
        asyncio.run(connector(sink.port).run_session(1, outbox))

        assert results(outbox) == [Result.ACCEPTED, Result.UNSENT, Result.ACCEPTED, Result.ACCEPTED]
        assert len(sink.dumps()) == 3
        assert not any(b"mail 2" in dump for dump in sink.dumps())


@pytest.mark.smtp_sink
def test_a_connection_is_replaced_after_its_allowance(tmp_path: Path) -> None:
    with smtp_sink(tmp_path) as sink:
        outbox = send(sink.port, [message(number) for number in range(1, 8)], max_messages_per_connection=3)

        assert results(outbox) == [Result.ACCEPTED] * 7
        assert len(sink.dumps()) == 7


@pytest.mark.smtp_sink
def test_d35_a_server_that_thinks_for_long_after_the_dot_gets_the_mail_once(tmp_path: Path) -> None:
    # A sink that waits answers a pipelined group out of order.
    with smtp_sink(tmp_path, "-p", "-W", ".:2") as sink:
        outbox = send(sink.port, [message(1), message(2)], timeouts=replace(QUICK, command=1, data=1, block=1, final=5))

        assert results(outbox) == [Result.ACCEPTED] * 2
        assert len(sink.dumps()) == 2


@pytest.mark.smtp_sink
def test_a_large_message_arrives_whole(tmp_path: Path) -> None:
    body = b"Subject: large\r\n\r\n" + b"".join(b".line %07d\r\n" % number for number in range(200_000))
    with smtp_sink(tmp_path) as sink:
        outbox = send(sink.port, [message(1), message(2, body), message(3)])

        assert results(outbox) == [Result.ACCEPTED] * 3
        assert body.replace(b"\r\n", b"\n") in sink.dumps()


@pytest.mark.smtp_sink
@pytest.mark.parametrize("arguments", [["-f", "RCPT"], ["-f", "MAIL"], ["-r", "DATA"], ["-q", "RCPT"], ["-q", "."]])
def test_the_outcome_is_the_same_without_pipelining(tmp_path: Path, arguments: list[str]) -> None:
    with smtp_sink(tmp_path, *arguments) as pipelined, smtp_sink(tmp_path, "-p", *arguments) as singly:
        first, second = (send(sink.port, [message(n) for n in range(1, 4)]) for sink in (pipelined, singly))

    assert results(first) == results(second)
    assert first.results[1].failure_type == second.results[1].failure_type


@pytest.mark.smtp_sink
def test_an_old_server_that_knows_no_ehlo_is_greeted_with_helo(tmp_path: Path) -> None:
    with smtp_sink(tmp_path, "-f", "EHLO") as sink:
        outbox = send(sink.port, [message(1), message(2)])

        assert results(outbox) == [Result.ACCEPTED] * 2
        assert len(sink.dumps()) == 2


def test_an_absent_server_gives_each_message_back_and_slows_the_session_down() -> None:
    outbox = ListOutbox([message(number) for number in range(1, 1000)])
    one = connector(free_port(), backoff_seconds=(0.1, 10))

    async def run() -> None:
        task = asyncio.create_task(one.run_session(1, outbox))
        await asyncio.sleep(0.6)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())

    # 0.1 + 0.2 + 0.4 seconds: three messages, not a thousand.
    assert 2 <= len(outbox.results) <= 4
    assert {(each.result, each.failure_reason) for each in outbox.results.values()} == {
        (Result.UNSENT, FailureReason.UNREACHABLE)
    }
    assert one.unavailable_until is not None
    assert HOST in one.trouble


@pytest.mark.smtp_sink
def test_a_server_that_comes_back_is_used_again(tmp_path: Path) -> None:
    port = free_port()
    outbox = ListOutbox([message(number) for number in range(1, 200)])
    one = connector(port, backoff_seconds=(0.05, 0.05))

    async def run() -> None:
        task = asyncio.create_task(one.run_session(1, outbox))
        await asyncio.sleep(0.2)
        with smtp_sink(tmp_path, port=port):
            await task

    asyncio.run(run())

    assert outbox.results[1].result is Result.UNSENT
    assert outbox.results[199].result is Result.ACCEPTED
    assert one.unavailable_until is None
    assert len(outbox.results) == 199


def test_the_backoff_doubles_up_to_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    one = connector(free_port(), backoff_seconds=(1, 30))
    seconds: list[float] = []
    monkeypatch.setattr(one, "note_trouble", lambda text, delay, connection: seconds.append(delay))
    real_sleep = asyncio.sleep
    monkeypatch.setattr("deliveries.channels.email.session.asyncio.sleep", lambda delay: real_sleep(0))

    asyncio.run(one.run_session(1, ListOutbox([message(number) for number in range(8)])))

    assert seconds == [1, 2, 4, 8, 16, 30, 30, 30]


CONTENT = st.lists(
    st.sampled_from(
        [b"\r", b"\n", b"\r\n", b".", b"..", b"\0", b"\r\n.\r\n", b"MAIL FROM:<x@y>", b"text", "é".encode()]
    ),
    max_size=60,
).map(b"".join)


@given(CONTENT)
@settings(max_examples=500)
def test_no_content_can_end_itself_or_hold_a_bare_line_end(content: bytes) -> None:
    wire = wire_content(content)

    lines = wire.split(b"\r\n")
    assert wire.endswith(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line or line == b"." for line in lines)
    received = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines)
    assert wire_content(received) == wire
    assert received.replace(b"\r\n", b"") == content.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")


@given(CONTENT.map(lambda content: wire_content(content).replace(b"\r\n..", b"\r\n.")))
@settings(max_examples=100)
def test_clean_content_is_only_stuffed(content: bytes) -> None:
    clean = content.replace(b"\r\n", b"\n").replace(b"\r", b"").replace(b"\n", b"\r\n")

    unstuffed = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in wire_content(clean).split(b"\r\n"))

    assert unstuffed == clean


@pytest.mark.smtp_sink
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(CONTENT, min_size=1, max_size=10))
def test_the_server_receives_exactly_the_lines_of_the_content(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes]
) -> None:
    heads = [b"Subject: %d\r\n\r\n" % number for number in range(len(bodies))]
    with smtp_sink(tmp_path_factory.mktemp("sink")) as sink:
        outbox = send(
            sink.port, [message(n, head + body) for n, (head, body) in enumerate(zip(heads, bodies, strict=True))]
        )

        assert results(outbox) == [Result.ACCEPTED] * len(bodies)
        assert sorted(sink.dumps()) == sorted(_as_read(head + body) for head, body in zip(heads, bodies, strict=True))


def _as_read(content: bytes) -> bytes:
    text = content.replace(b"\0", b"").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text if text.endswith(b"\n") else text + b"\n"


@pytest.mark.parametrize("address", ["a@b> RCPT TO:<c@d", "a\r\nDATA@b", "a b@c", "", "a\0@b"])
def test_an_address_that_could_be_a_command_never_reaches_the_wire(address: str) -> None:
    server, outbox = Dialogue(), ListOutbox([message(1, address=address), message(2)])

    async def run() -> None:
        async with scripted_server(server) as port:
            await connector(port).run_session(1, outbox)

    asyncio.run(run())

    assert results(outbox) == [Result.REFUSED, Result.ACCEPTED]
    assert outbox.results[1].failure_reason == FailureReason.BAD_QUALITY
    assert [command for command in server.commands if command.startswith("RCPT")] == ["RCPT TO:<person2@example.org>"]
