"""The direct way: which server of a domain is asked, and what the answers of the DNS mean. Real DNS, real servers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from deliveries.channels.base import Result
from deliveries.channels.email.dns import Dns
from deliveries.channels.email.mail_servers import MailServers
from deliveries.channels.email.smtp import DirectConnector, SmtpOptions, Timeouts
from deliveries.endpoints import Endpoint
from recipients.vocabulary import FailureReason, FailureType
from tests.dns_server import SERVFAIL, SILENT, DnsServer, Zones, dns_server
from tests.smtp_server import Dialogue, ListOutbox, free_port, message, scripted_server

FIRST, SECOND, THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"
SHORT = Timeouts(connect=0.5, greeting=0.5, command=0.5, data=0.5, block=0.5, final=0.5, quit=0.2)
ZONES: Zones = {
    "preference.example": {"MX": ["20 second.example.", "10 first.example."]},
    "equals.example": {"MX": ["10 first.example.", "10 second.example."]},
    "dead-first.example": {"MX": ["10 third.example.", "20 second.example."]},
    "null.example": {"MX": ["0 ."]},
    "address-only.example": {"A": [FIRST]},
    "ipv6-only.example": {"AAAA": ["::1"]},
    "nothing.example": {"TXT": ['"no mail here"']},
    "servfail.example": SERVFAIL,
    "silent.example": SILENT,
    "private.example": {"MX": ["10 private-host.example."]},
    "dangling.example": {"MX": ["10 absent.example."]},
    "half-known.example": {"MX": ["10 servfail.example.", "20 second.example."]},
    "first.example": {"A": [FIRST]},
    "second.example": {"A": [SECOND]},
    "third.example": {"A": [THIRD]},
    "private-host.example": {"A": ["10.0.0.1"], "AAAA": ["fc00::1"]},
}


@pytest.fixture(scope="module")
def server() -> Iterator[DnsServer]:
    with dns_server(ZONES) as running:
        yield running


def connector(dns: DnsServer, port: int, *, allow_private: bool = True, tls: str = "off") -> DirectConnector:
    options = SmtpOptions(Endpoint("", port, tls, "", ""), timeouts=SHORT, backoff_seconds=(0.01, 0.02), direct=True)
    lookups = Dns(dns.address, seconds=0.5)
    return DirectConnector(options, MailServers(options, lookups, allow_private=allow_private))


def deliver(
    dns: DnsServer, domain: str, servers: dict[str, Dialogue], *, allow_private: bool = True, count: int = 1
) -> ListOutbox:
    """Send to one domain, the servers listening on one port of several addresses."""
    outbox = ListOutbox([message(number) for number in range(1, count + 1)], destination=domain)

    async def run() -> None:
        async with contextlib.AsyncExitStack() as stack, asyncio.timeout(20):
            port = free_port()
            for host, script in servers.items():
                await stack.enter_async_context(scripted_server(script, host, port))
            await connector(dns, port, allow_private=allow_private).run_session(1, outbox)

    asyncio.run(run())
    return outbox


def outcome(outbox: ListOutbox, number: int = 1) -> tuple[Result, FailureType | None, FailureReason | None]:
    result = outbox.results[number]
    assert not result.route_fault
    return result.result, result.failure_type, result.failure_reason


SENT = (Result.ACCEPTED, None, None)
HARD = (Result.REFUSED, FailureType.HARD, FailureReason.INVALID_DOMAIN)
SOFT = (Result.UNSENT, FailureType.SOFT, FailureReason.UNREACHABLE)


def test_d22_the_most_preferred_server_is_asked_first(server: DnsServer) -> None:
    first, second = Dialogue(), Dialogue()

    assert outcome(deliver(server, "preference.example", {FIRST: first, SECOND: second})) == SENT
    assert (len(first.mails), second.commands) == (1, [])


def test_d22_equal_servers_share_the_mail(server: DnsServer) -> None:
    first, second = Dialogue(), Dialogue()
    for _ in range(24):
        deliver(server, "equals.example", {FIRST: first, SECOND: second})

    assert len(first.mails) + len(second.mails) == 24
    assert first.mails
    assert second.mails


@pytest.mark.parametrize("greeting", [None, "421 too busy", "450 not now", "…"])
def test_d22_a_server_that_takes_nothing_leaves_the_mail_to_the_next(server: DnsServer, greeting: str | None) -> None:
    first, second = Dialogue({"": greeting}), Dialogue()

    assert outcome(deliver(server, "preference.example", {FIRST: first, SECOND: second})) == SENT
    assert len(second.mails) == 1


def test_d22_a_server_that_is_not_there_leaves_the_mail_to_the_next(server: DnsServer) -> None:
    second = Dialogue()

    assert outcome(deliver(server, "dead-first.example", {SECOND: second})) == SENT


def test_d22_a_dead_server_is_left_alone_for_a_while(server: DnsServer) -> None:
    first, second = Dialogue({"": None}), Dialogue({"MAIL": ["250 ok", None, "250 ok", None, "250 ok"]})
    greetings: list[str] = []

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greetings.append("")
        await first(reader, writer)

    deliver(server, "preference.example", {FIRST: counting, SECOND: second}, count=3)  # type: ignore[dict-item]

    assert len(second.mails) == 3
    assert len(greetings) == 1


def test_d22_the_servers_refusal_of_us_is_told_as_such(server: DnsServer) -> None:
    refusing = Dialogue({"": "554 5.7.1 your address is listed"})
    outbox = deliver(server, "preference.example", {FIRST: refusing})

    assert outbox.results[1].result is Result.UNSENT
    assert outbox.results[1].receiver_fault == "554 5.7.1 your address is listed"
    assert not outbox.results[1].route_fault


@pytest.mark.parametrize("domain", ["null.example", "nothing.example", "absent.example", "a..b.example"])
def test_d22_a_domain_without_mail_is_refused_for_good_without_a_connection(server: DnsServer, domain: str) -> None:
    listening = Dialogue()
    outbox = deliver(server, domain, {FIRST: listening}, count=3)

    assert [outcome(outbox, number) for number in (1, 2, 3)] == [HARD] * 3
    assert domain in outbox.results[1].detail
    assert listening.commands == []


@pytest.mark.parametrize(("domain", "host"), [("address-only.example", FIRST), ("ipv6-only.example", "::1")])
def test_d22_without_mx_the_domains_own_address_is_used(server: DnsServer, domain: str, host: str) -> None:
    listening = Dialogue()

    assert outcome(deliver(server, domain, {host: listening})) == SENT
    assert len(listening.mails) == 1


@pytest.mark.parametrize("domain", ["servfail.example", "silent.example", "dangling.example"])
def test_d22_what_the_dns_does_not_know_now_is_never_hard(server: DnsServer, domain: str) -> None:
    assert outcome(deliver(server, domain, {FIRST: Dialogue()})) == SOFT


def test_d22_a_server_that_the_dns_does_not_know_now_leaves_the_mail_to_the_next(server: DnsServer) -> None:
    assert outcome(deliver(server, "half-known.example", {SECOND: Dialogue()})) == SENT


@pytest.mark.parametrize("domain", ["private.example", "preference.example", "ipv6-only.example", "[127.0.0.1]"])
def test_d22_private_addresses_are_refused_unless_allowed(server: DnsServer, domain: str) -> None:
    listening = Dialogue()
    outbox = deliver(server, domain, {FIRST: listening, "::1": listening}, allow_private=False)

    assert outcome(outbox) == (Result.REFUSED, FailureType.SOFT, FailureReason.INVALID_DOMAIN)
    assert listening.commands == []


@pytest.mark.parametrize(("literal", "host"), [("[127.0.0.1]", FIRST), ("[IPv6:::1]", "::1"), ("[ipv6:::1]", "::1")])
def test_d22_an_address_literal_is_its_own_server(server: DnsServer, literal: str, host: str) -> None:
    assert outcome(deliver(server, literal, {host: Dialogue()})) == SENT


def test_d22_an_outage_of_the_dns_fails_nobody() -> None:
    with dns_server({}) as gone:
        pass
    outbox = deliver(gone, "preference.example", {FIRST: Dialogue()}, count=20)

    assert {outcome(outbox, number) for number in outbox.results} == {SOFT}
    assert len(outbox.results) == 20


# Lookups


def test_an_answer_is_kept_and_asked_for_once_by_all() -> None:
    with dns_server(ZONES) as server:

        async def run() -> None:
            dns = Dns(server.address)
            found = await asyncio.gather(*(dns.mail_servers("preference.example") for _ in range(50)))
            found.append(await dns.mail_servers("preference.example"))
            assert {tuple(answer) for answer in found} == {tuple(found[0])}

        asyncio.run(run())

        assert server.asked["preference.example", "MX"] == 1


def test_one_who_gives_up_waiting_takes_nothing_from_the_others() -> None:
    with dns_server(ZONES) as server:

        async def run() -> None:
            dns = Dns(server.address)
            first = asyncio.create_task(dns.mail_servers("preference.example"))
            second = asyncio.create_task(dns.mail_servers("preference.example"))
            await asyncio.sleep(0)
            first.cancel()
            assert len(await second) == 2

        asyncio.run(run())


@pytest.mark.parametrize(("ttl", "least", "asked"), [(0, 60.0, 1), (3600, 60.0, 1), (0, 0.05, 2)])
def test_an_answer_is_kept_as_long_as_it_says_within_bounds(
    monkeypatch: pytest.MonkeyPatch, ttl: int, least: float, asked: int
) -> None:
    monkeypatch.setattr("deliveries.channels.email.dns.KEPT_AT_LEAST", least)
    with dns_server(ZONES, ttl) as server:

        async def run() -> None:
            dns = Dns(server.address)
            await dns.mail_servers("preference.example")
            await asyncio.sleep(0.1)
            await dns.mail_servers("preference.example")

        asyncio.run(run())

        assert server.asked["preference.example", "MX"] == asked


def test_an_answer_is_never_kept_longer_than_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deliveries.channels.email.dns.KEPT_AT_LEAST", 0.01)
    monkeypatch.setattr("deliveries.channels.email.dns.KEPT_AT_MOST", 0.05)
    with dns_server(ZONES, 10_000_000) as server:

        async def run() -> None:
            dns = Dns(server.address)
            await dns.addresses("first.example")
            await asyncio.sleep(0.1)
            await dns.addresses("first.example")

        asyncio.run(run())

        assert server.asked["first.example", "A"] == 2


def test_both_families_are_found_and_ipv4_comes_first() -> None:
    with dns_server({"both.example": {"AAAA": ["2001:db8::1"], "A": ["192.0.2.1"]}}) as server:
        assert asyncio.run(Dns(server.address).addresses("both.example")) == ["192.0.2.1", "2001:db8::1"]
