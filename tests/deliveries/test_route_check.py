"""Trying a route: what each server says, in words, and nothing is sent."""

from __future__ import annotations

import json
import time
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from deliveries.endpoints import set_password
from deliveries.models import Affinity, Relay, Route
from deliveries.route_check import check_route
from tests.dns_server import dns_server
from tests.smtp_server import HOST, Dialogue, Script, free_port, running_server

pytestmark = pytest.mark.django_db


def make_route(port: int, **values: Any) -> Route:
    return Route.objects.create(label="Relay", internal_name="relay", url=f"smtp://{HOST}:{port}", **values)


def test_a_good_server_is_described_and_gets_no_mail() -> None:
    server = Dialogue({"EHLO": "250-test\r\n250-PIPELINING\r\n250 SIZE 5000000"})
    with running_server(server) as port:
        (report,) = check_route(route=make_route(port))

    assert (report.works, report.server) == (True, f"{HOST}:{port}")
    assert "PIPELINING, SIZE" in report.text
    assert "5000000" in report.text
    assert "not encrypted" in report.text
    assert [command.split()[0] for command in server.commands] == ["EHLO", "QUIT"]


def test_credentials_are_tried() -> None:
    good = Dialogue({"EHLO": "250-test\r\n250 AUTH PLAIN", "AUTH": "235 ok"})
    bad = Dialogue({"EHLO": "250-test\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 wrong"})
    with running_server(good) as first, running_server(bad) as second:
        route = Route.objects.create(label="Relay", url=f"smtp://me@{HOST}:{first}")
        Relay.objects.create(route=route, url=f"smtp://me@{HOST}:{second}", preference=1)
        set_password(route, "s3cret")
        reports = check_route(route=route)

    assert [report.works for report in reports] == [True, False]
    assert "credentials are accepted" in reports[0].text
    assert "535 5.7.8 wrong" in reports[1].text
    assert not any("s3cret" in str(report) for report in reports)


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (Dialogue({"": "554 go away"}), "554 go away"),
        (Dialogue({"": None}), "closed the connection"),
        (Dialogue({"": "hello"}), "no SMTP reply"),
        (Dialogue({"": "…"}), "did not answer within"),
    ],
)
def test_a_server_that_takes_nothing_says_why(monkeypatch: pytest.MonkeyPatch, server: Script, words: str) -> None:
    monkeypatch.setattr("deliveries.route_check.SECONDS", 1.0)
    with running_server(server) as port:
        started = time.monotonic()
        (report,) = check_route(route=make_route(port))

    assert not report.works
    assert words in report.text
    assert time.monotonic() - started < 5


def test_nobody_there_is_said_so() -> None:
    (report,) = check_route(route=make_route(port := free_port()))

    assert not report.works
    assert str(port) in report.text


def test_the_direct_way_is_tried_at_a_domain(settings: LazySettings) -> None:
    server = Dialogue()
    with dns_server({"ours.example": {"MX": ["10 mx.example."]}, "mx.example": {"A": [HOST]}}) as dns:
        settings.DNS_SERVER, settings.MTA_ALLOW_PRIVATE_MX = dns.address, True
        with running_server(server) as port:
            route = Route.objects.create(label="Direct", url=f"mx://:{port}")
            (found,) = check_route(route=route, domain="ours.example")
            (absent,) = check_route(route=route, domain="absent.example")

    assert found.works
    assert (absent.works, "does not exist" in absent.text) == (False, True)


def test_the_address_of_an_affinity_is_used(settings: LazySettings) -> None:
    affinity = Affinity.objects.create(name="out", source_ipv4="192.0.2.77", host_name="out.example.com")
    with running_server(Dialogue()) as port:
        (report,) = check_route(route=make_route(port), affinity=affinity)

    assert not report.works
    assert "192.0.2.77" in report.text


# From a terminal


def run(*words: Any) -> str:
    output = StringIO()
    call_command("route", *[str(word) for word in words], stdout=output)
    return output.getvalue()


def test_a_route_is_tried_from_the_terminal() -> None:
    with running_server(Dialogue()) as port:
        make_route(port)
        text = run("test", "relay")
        (document,) = json.loads(run("test", "relay", "--json"))

    assert "It takes mail." in text
    assert document["works"] is True


def test_a_route_without_a_working_server_ends_the_command_with_an_error() -> None:
    make_route(free_port())

    with pytest.raises(CommandError, match="No server of the route takes mail"):
        run("test", "relay")


def test_a_route_is_paused_and_resumed_from_the_terminal() -> None:
    route = make_route(25)

    run("pause", "relay")
    route.refresh_from_db()
    assert route.paused

    assert "was paused already" in run("pause", "relay")
    run("resume", "relay")
    route.refresh_from_db()
    assert not route.paused


def test_what_is_not_there_is_named() -> None:
    make_route(25)

    with pytest.raises(CommandError, match="elsewhere"):
        run("test", "elsewhere")
    with pytest.raises(CommandError, match="nowhere"):
        run("test", "relay", "--affinity", "nowhere")
    with pytest.raises(CommandError):
        run("pause", "relay", "--domain", "example.com")
