"""The pages of routes and affinities."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from deliveries.endpoints import endpoint
from deliveries.models import Affinity, Relay, Route
from deliveries.routes import pause_route
from tests.smtp_server import HOST, Dialogue, free_port, running_server

pytestmark = pytest.mark.django_db

PAGES = "/admin/deliveries"
NO_RELAYS = {"relays-TOTAL_FORMS": 0, "relays-INITIAL_FORMS": 0}
VALUES: dict[str, Any] = {
    "label": "Relay",
    "internal_name": "",
    "channel": "email",
    "url": "smtp://me@relay.example",
    "password": "s3cret",
    "authentication": "password",
    "weight": 1,
    "max_connections": 4,
    "max_messages_per_connection": 100,
    "relay_log": "",
    "relay_log_format": "postfix",
    **NO_RELAYS,
}


def with_relay(**values: Any) -> dict[str, Any]:
    relay = {"url": "smtp://second.example", "authentication": "password", "preference": 1, "weight": 2, **values}
    return {"relays-TOTAL_FORMS": 1, **{f"relays-0-{name}": value for name, value in relay.items()}}


def page(client: Client, path: str) -> str:
    answer = client.get(f"{PAGES}/{path}")
    assert answer.status_code == 200
    return answer.content.decode()


def press(client: Client, route: Route, button: str) -> str:
    return client.post(f"{PAGES}/route/{route.pk}/do/{button}/", follow=True).content.decode()


def save(client: Client, path: str, values: dict[str, Any]) -> list[str]:
    """What the form says against it; nothing when it was saved."""
    answer = client.post(f"{PAGES}/{path}", values)
    return [] if answer.status_code == 302 else [str(error) for error in answer.context["errors"]]


def test_the_password_of_a_route_is_written_and_never_shown(admin_client: Client) -> None:
    assert save(admin_client, "route/add/", VALUES) == []

    route = Route.objects.get(label="Relay")
    assert endpoint(route).password == "s3cret"
    assert "s3cret" not in page(admin_client, f"route/{route.pk}/change/")

    kept = {**VALUES, "internal_name": route.internal_name, "password": ""}
    assert save(admin_client, f"route/{route.pk}/change/", kept) == []
    route.refresh_from_db()
    assert endpoint(route).password == "s3cret"

    assert save(admin_client, f"route/{route.pk}/change/", {**kept, "forget_password": "on"}) == []
    route.refresh_from_db()
    assert endpoint(route).password == ""


def test_additional_servers_are_edited_on_the_route_with_passwords_of_their_own(admin_client: Client) -> None:
    assert save(admin_client, "route/add/", {**VALUES, **with_relay(password="other", authentication="xoauth2")}) == []

    relay = Relay.objects.get()
    assert (relay.preference, relay.weight, relay.authentication) == (1, 2, "xoauth2")
    assert endpoint(relay).password == "other"
    html = page(admin_client, f"route/{relay.route_id}/change/")
    assert "smtp://second.example" in html
    assert "other" not in html.replace("another", "")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"url": "smtp://me:secret@relay.example"}, "Leave the password out"),
        ({"url": "ftp://relay.example"}, "smtp://, smtps:// or mx://"),
        (with_relay(url="mx://"), "additional server is named"),
        ({"url": "mx://", "password": "", **with_relay()}, "no additional servers"),
    ],
)
def test_a_wrong_address_is_refused_in_words(admin_client: Client, values: dict[str, Any], words: str) -> None:
    assert words in " ".join(save(admin_client, "route/add/", {**VALUES, **values}))
    assert not Route.objects.filter(label="Relay").exists()


def test_a_route_with_servers_does_not_become_a_direct_one_by_itself(admin_client: Client) -> None:
    route = Route.objects.create(label="Relay", internal_name="relay", url="smtp://relay.example")
    relay = Relay.objects.create(route=route, url="smtp://second.example", preference=1)
    kept = {"relays-INITIAL_FORMS": 1, "relays-0-id": relay.pk, "relays-0-route": route.pk}
    values = {**VALUES, **with_relay(weight=1), **kept, "internal_name": "relay", "url": "mx://"}

    assert "no additional servers" in " ".join(save(admin_client, f"route/{route.pk}/change/", values))
    assert save(admin_client, f"route/{route.pk}/change/", {**values, "relays-0-DELETE": "on"}) == []
    assert not Relay.objects.exists()


def test_a_route_is_tried_from_its_page(admin_client: Client) -> None:
    with running_server(Dialogue()) as port:
        route = Route.objects.create(label="Relay", url=f"smtp://{HOST}:{port}")
        Relay.objects.create(route=route, url=f"smtp://{HOST}:{free_port()}", preference=1)
        html = press(admin_client, route, "test")

    assert "It takes mail." in html
    assert "can&#x27;t be reached" in html


def test_a_route_whose_password_can_not_be_read_says_so_when_it_is_tried(admin_client: Client) -> None:
    route = Route.objects.create(label="Relay", url="smtp://me@relay.example", encrypted_password="nonsense")

    assert "enter it again" in press(admin_client, route, "test")


def test_a_paused_route_is_resumed_on_its_page(admin_client: Client) -> None:
    route = Route.objects.create(label="Relay", url="smtp://relay.example")
    pause_route(route.pk, reason="535", now=timezone.now() - timedelta(minutes=1))

    press(admin_client, route, "resume")

    route.refresh_from_db()
    assert not route.paused


def test_an_affinity_says_from_where_its_messages_leave(admin_client: Client) -> None:
    values = {"name": "out", "source_ipv4": "192.0.2.1", "source_ipv6": "2001:db8::1", "host_name": "out.example.com"}

    assert save(admin_client, "affinity/add/", values) == []
    assert save(admin_client, "affinity/add/", {**values, "name": "other", "source_ipv4": "300.1.1.1"})
    assert save(admin_client, "affinity/add/", {**values, "name": "other", "host_name": "out\r\nQUIT"})
    assert str(Affinity.objects.get().source_ipv4) == "192.0.2.1"
    assert "out.example.com" in page(admin_client, "affinity/")
