"""Routes over several relays: shared by weight, failed over by preference, taken up again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from deliveries.channels.base import Result
from deliveries.channels.email.relays import STAND_IN_MESSAGES, RelayServer
from deliveries.channels.email.smtp import SmtpConnector, SmtpOptions, Timeouts, route_connector
from deliveries.endpoints import Endpoint, set_password
from deliveries.models import Affinity, Relay, Route
from deliveries.models.route import Authentication
from tests.smtp_server import HOST, Dialogue, ListOutbox, free_port, message, scripted_server

SHORT = Timeouts(connect=0.5, greeting=0.5, command=0.5, data=0.5, block=0.5, final=0.5, quit=0.2)
Steps = Callable[[SmtpConnector], Awaitable[None]]


def relay(port: int, preference: int = 0, weight: int = 1, rest: float = 0.02) -> RelayServer:
    options = SmtpOptions(Endpoint(HOST, port, "off", "", ""), timeouts=SHORT, backoff_seconds=(0.01, rest))
    return RelayServer(options, preference, weight)


def over(servers: list[tuple[Dialogue | None, int, int]], steps: Steps, rest: float = 0.02) -> None:
    """Run `steps` with a connector over these (server, preference, weight); None: nothing listens there."""

    async def run() -> None:
        async with contextlib.AsyncExitStack() as stack, asyncio.timeout(30):
            relays = []
            for script, preference, weight in servers:
                port = free_port() if script is None else await stack.enter_async_context(scripted_server(script))
                relays.append(relay(port, preference, weight, rest))
            await steps(SmtpConnector(relays[0].options, relays))

    asyncio.run(run())


async def send(connector: SmtpConnector, count: int = 1) -> list[Result]:
    outbox = ListOutbox([message(number) for number in range(1, count + 1)])
    await connector.run_session(1, outbox)
    return [result.result for result in outbox.results.values()]


def test_equal_relays_share_the_connections_by_weight() -> None:
    heavy, light = Dialogue(), Dialogue()

    async def steps(connector: SmtpConnector) -> None:
        for _ in range(80):
            assert await send(connector) == [Result.ACCEPTED]

    over([(heavy, 0, 3), (light, 0, 1)], steps)

    # 60 and 20 are expected; a fair coin would give at least 55 once in a thousand times.
    assert len(heavy.mails) + len(light.mails) == 80
    assert len(heavy.mails) > 40
    assert light.mails


@pytest.mark.parametrize("greeting", [None, "421 busy", "554 go away", "…"])
def test_the_next_relay_takes_over_while_the_preferred_one_fails(greeting: str | None) -> None:
    failing, standing_in = Dialogue({"": greeting}), Dialogue()

    async def steps(connector: SmtpConnector) -> None:
        assert await send(connector, 3) == [Result.ACCEPTED] * 3

    over([(failing, 0, 1), (standing_in, 1, 1)], steps)

    assert len(standing_in.mails) == 3


def test_a_relay_of_higher_number_is_not_used_while_a_lower_one_works() -> None:
    dead, second, third = None, Dialogue(), Dialogue()

    async def steps(connector: SmtpConnector) -> None:
        for _ in range(10):
            await send(connector)

    over([(dead, 0, 1), (second, 0, 1), (third, 1, 1)], steps)

    assert len(second.mails) == 10
    assert third.commands == []


def test_a_relay_that_takes_connections_and_no_mail_is_left_too() -> None:
    failing, standing_in = Dialogue({"MAIL": ["451 disk full"] * 50}), Dialogue()

    async def steps(connector: SmtpConnector) -> None:
        results = await send(connector, 10)
        assert results == [Result.UNSENT] + [Result.ACCEPTED] * 9

    over([(failing, 0, 1), (standing_in, 1, 1)], steps, rest=0.5)

    assert len(standing_in.mails) == 9


def test_the_preferred_relay_is_used_again_when_it_recovers() -> None:
    recovering, standing_in = Dialogue({"": ["421 busy"]}), Dialogue()

    async def steps(connector: SmtpConnector) -> None:
        assert await send(connector) == [Result.ACCEPTED]
        assert len(standing_in.mails) == 1
        await asyncio.sleep(0.1)
        assert await send(connector, 2) == [Result.ACCEPTED] * 2

    over([(recovering, 0, 1), (standing_in, 1, 1)], steps)

    assert len(recovering.mails) == 2


def test_a_connection_to_a_relay_that_stands_in_ends_early() -> None:
    recovering, standing_in = Dialogue({"": ["421 busy"]}), Dialogue()

    async def steps(connector: SmtpConnector) -> None:
        assert set(await send(connector, STAND_IN_MESSAGES + 50)) == {Result.ACCEPTED}

    # It has recovered whenever that connection ends, however fast.
    over([(recovering, 0, 1), (standing_in, 1, 1)], steps, rest=0.0)

    assert len(standing_in.mails) == STAND_IN_MESSAGES
    assert len(recovering.mails) == 50


def test_what_one_session_learns_of_a_relay_the_others_know() -> None:
    greetings: list[str] = []
    failing, standing_in = Dialogue({"": "421 busy"}), Dialogue()

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greetings.append("")
        await failing(reader, writer)

    async def steps(connector: SmtpConnector) -> None:
        for _ in range(5):
            await send(connector)

    over([(counting, 0, 1), (standing_in, 1, 1)], steps, rest=10)  # type: ignore[list-item]

    assert len(greetings) == 1


@pytest.mark.parametrize(
    ("second", "is_fault"), [(Dialogue({"": "554 no"}), True), (Dialogue({"": "421 later"}), False), (None, False)]
)
def test_the_route_is_at_fault_only_when_every_relay_says_so(second: Dialogue | None, is_fault: bool) -> None:
    outbox = ListOutbox([message(1)])

    async def steps(connector: SmtpConnector) -> None:
        await connector.run_session(1, outbox)

    over([(Dialogue({"": "554 no"}), 0, 1), (second, 0, 1)], steps)

    assert outbox.results[1].result is Result.UNSENT
    assert bool(outbox.results[1].route_fault) is is_fault


@pytest.mark.parametrize(("of_route", "of_receiver", "connections"), [(3, None, 3), (3, 2, 4), (2, 5, 4), (9, 0, 7)])
def test_a_connection_carries_what_the_route_and_the_receiver_allow(
    of_route: int, of_receiver: int | None, connections: int
) -> None:
    server = Dialogue()
    outbox = ListOutbox([message(number) for number in range(1, 8)], messages_per_connection=of_receiver)

    async def run() -> None:
        async with scripted_server(server) as port:
            options = SmtpOptions(
                Endpoint(HOST, port, "off", "", ""), timeouts=SHORT, max_messages_per_connection=of_route
            )
            await SmtpConnector(options).run_session(1, outbox)

    asyncio.run(run())

    assert len(server.mails) == 7
    assert sum(command.startswith("EHLO") for command in server.commands) == connections


# From the database


@pytest.mark.django_db
def test_a_route_brings_its_servers_limits_and_credentials() -> None:
    route = Route.objects.create(
        label="Relay", url="smtp://me@first.example", max_messages_per_connection=50, weight=3, authentication="xoauth2"
    )
    set_password(route, "token")
    second = Relay.objects.create(route=route, url="smtps://second.example", preference=1)
    set_password(second, "s3cret")

    servers = route_connector(route).relays.servers

    assert [(str(each.options.endpoint), each.preference, each.weight) for each in servers] == [
        ("first.example:25", 0, 3),
        ("second.example:465", 1, 1),
    ]
    assert [each.options.endpoint.password for each in servers] == ["token", "s3cret"]
    assert [each.options.endpoint.authentication for each in servers] == [
        Authentication.XOAUTH2,
        Authentication.PASSWORD,
    ]
    assert {each.options.max_messages_per_connection for each in servers} == {50}


@pytest.mark.django_db
@pytest.mark.parametrize(("source", "expected"), [("127.0.0.7", "127.0.0.7"), ("", "127.0.0.1")])
def test_an_affinity_says_from_where_and_under_which_name(source: str, expected: str) -> None:
    affinity = Affinity.objects.create(name="one", source_ipv4=source or None, host_name="out1.example.com")
    peers, outbox = [], ListOutbox([message(1)])
    server = Dialogue()

    async def seeing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(writer.get_extra_info("peername")[0])
        await server(reader, writer)

    route = Route.objects.create(label="Relay", url=f"smtp://{HOST}:{(port := free_port())}?tls=off")
    connector = route_connector(route, affinity)

    async def run() -> None:
        async with scripted_server(seeing, port=port):
            await connector.run_session(1, outbox)

    asyncio.run(run())

    assert outbox.results[1].result is Result.ACCEPTED
    assert peers == [expected]
    assert server.commands[0] == "EHLO out1.example.com"


@pytest.mark.parametrize(("field", "source"), [("source_ipv4", "192.0.2.77"), ("source_ipv6", "2001:db8::77")])
def test_a_source_address_that_the_machine_lacks_is_a_fault_of_the_route(field: str, source: str) -> None:
    host = "::1" if ":" in source else HOST
    outbox = ListOutbox([message(1)])

    async def run() -> None:
        async with scripted_server(Dialogue(), host) as port:
            options = SmtpOptions(Endpoint(host, port, "off", "", ""), timeouts=SHORT, **{field: source})  # type: ignore[arg-type]
            await SmtpConnector(options).run_session(1, outbox)

    asyncio.run(run())

    assert outbox.results[1].result is Result.UNSENT
    assert source in outbox.results[1].route_fault


def test_a_source_address_of_the_other_family_reaches_nobody_and_blames_nobody() -> None:
    outbox = ListOutbox([message(1)])

    async def run() -> None:
        async with scripted_server(Dialogue()) as port:
            options = SmtpOptions(
                Endpoint(HOST, port, "off", "", ""), timeouts=SHORT, source_ipv6="::1", backoff_seconds=(0.01, 0.01)
            )
            await SmtpConnector(options).run_session(1, outbox)

    asyncio.run(run())

    assert outbox.results[1].result is Result.UNSENT
    assert not outbox.results[1].route_fault


def test_a_server_is_reached_over_ipv6() -> None:
    server, outbox = Dialogue(), ListOutbox([message(1), message(2)])

    async def run() -> None:
        async with scripted_server(server, "::1") as port:
            await SmtpConnector(SmtpOptions(Endpoint("::1", port, "off", "", ""), timeouts=SHORT)).run_session(
                1, outbox
            )

    asyncio.run(run())

    assert [result.result for result in outbox.results.values()] == [Result.ACCEPTED] * 2
    assert server.commands[0] == "EHLO [IPv6:::1]"
