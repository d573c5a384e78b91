"""Routes: addresses, encrypted passwords, the default route, pauses."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings

from deliveries.endpoints import InvalidRoute, endpoint, set_password, validate_url
from deliveries.models import Delivery, Route
from deliveries.routes import NoRoute, ensure_default_route, pause_route, resolve_route, resume_route

pytestmark = pytest.mark.django_db


def make_route(**values: object) -> Route:
    return Route.objects.create(**{"label": "Relay", "url": "smtp://me@relay.example:2525", **values})


@pytest.mark.parametrize(
    "url",
    [
        "",
        "smtp://relay",
        "smtps://me@relay:465",
        "smtp://[::1]:25?tls=off",
        "smtp://r/?tls=required",
        "mx://",
        "mx://:2525?tls=required",
        "mx://?tls=opportunistic",
    ],
)
def test_an_address_of_a_server_is_accepted(url: str) -> None:
    validate_url(url)


@pytest.mark.parametrize(
    "url",
    [
        *["relay", "http://relay", "smtp://", "smtp://:25", "smtp://relay:0", "smtp://relay:70000", "smtp://relay:x"],
        *["smtp://relay/path", "smtp://relay?tls=maybe", "smtp://relay?verify=no", "smtp://re lay"],
        *["mx://relay", "mx://me@", "mx://:x", "mx://?tls=implicit", "smtp://r?tls=opportunistic"],
        "smtp://a:secret@relay",
    ],
)
def test_another_address_is_refused_and_the_field_named(url: str) -> None:
    with pytest.raises(InvalidRoute) as refusal:
        validate_url(url)

    assert refusal.value.code == "invalid_route"
    assert list(refusal.value.fields) == ["url"]
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("smtp://relay.example", "relay.example", 25, "opportunistic"),
        ("smtp://relay.example:587?tls=required", "relay.example", 587, "required"),
        ("smtp://relay.example?tls=off", "relay.example", 25, "off"),
        ("smtps://relay.example", "relay.example", 465, "implicit"),
        ("smtp://[::1]:2525", "::1", 2525, "opportunistic"),
        ("smtp://me@relay.example", "relay.example", 25, "required"),
        ("smtp://me@localhost", "localhost", 25, "opportunistic"),
        ("mx://", "", 25, "opportunistic"),
        ("mx://:2525?tls=required", "", 2525, "required"),
    ],
)
def test_an_address_says_where_and_how(url: str, host: str, port: int, tls: str) -> None:
    found = endpoint(make_route(url=url))

    assert (found.host, found.port, found.tls) == (host, port, tls)


def test_a_password_is_kept_encrypted_and_never_shown() -> None:
    route = make_route()
    set_password(route, "s3cret!")

    route.refresh_from_db()

    assert "s3cret!" not in route.encrypted_password
    assert endpoint(route).password == "s3cret!"
    assert endpoint(route).username == "me"
    assert "s3cret!" not in repr(endpoint(route)) + str(endpoint(route)) + repr(vars(route))


def test_an_empty_password_forgets_the_old_one() -> None:
    route = make_route()
    set_password(route, "s3cret!")
    set_password(route, "")

    route.refresh_from_db()

    assert route.encrypted_password == ""
    assert endpoint(route).password == ""


def test_a_password_outlives_a_rotation_of_the_key(settings: LazySettings) -> None:
    route = make_route()
    set_password(route, "s3cret!")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key"

    assert endpoint(route).password == "s3cret!"

    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidRoute, match="enter it again"):
        endpoint(route)


def test_the_default_route_follows_the_setting(settings: LazySettings) -> None:
    settings.SMTP_URL = "smtp://me:pa%20ss@relay.example:2525"
    route = ensure_default_route()

    assert ensure_default_route() == route
    assert (route.internal_name, route.url, route.is_default) == ("default", "", True)
    found = endpoint(route)
    assert (found.host, found.port, found.username, found.password) == ("relay.example", 2525, "me", "pa ss")


def test_a_default_route_chosen_by_hand_is_kept() -> None:
    chosen = make_route(is_default=True)

    assert ensure_default_route() == chosen
    assert Route.objects.count() == 1


def test_a_delivery_uses_its_route_else_the_default_of_its_channel() -> None:
    own = make_route()
    sms = make_route(label="SMS", channel="sms", is_default=True)

    assert resolve_route(Delivery(channel="email", route=own)) == own
    assert resolve_route(Delivery(channel="sms")) == sms
    assert resolve_route(Delivery(channel="email")) == ensure_default_route()
    with pytest.raises(NoRoute, match="push"):
        resolve_route(Delivery(channel="push"))


def test_a_paused_route_keeps_its_first_reason_until_it_is_over(now: datetime) -> None:
    route = make_route()

    assert pause_route(route.pk, reason="535 wrong", now=now, until=now + timedelta(hours=1))
    assert not pause_route(route.pk, reason="again", now=now)
    route.refresh_from_db()
    assert (route.paused, route.pause_reason, route.paused_until) == (True, "535 wrong", now + timedelta(hours=1))

    assert pause_route(route.pk, reason="later", now=now + timedelta(hours=2))
    route.refresh_from_db()
    assert (route.pause_reason, route.paused_until) == ("later", None)


def test_a_resumed_route_has_no_reason_left(now: datetime) -> None:
    route = make_route()
    pause_route(route.pk, reason="535 wrong", now=now)

    assert resume_route(route.pk)
    assert not resume_route(route.pk)
    route.refresh_from_db()
    assert (route.paused, route.paused_until, route.pause_reason) == (False, None, "")


def test_a_pause_that_is_over_before_it_begins_is_none(now: datetime) -> None:
    assert not pause_route(make_route().pk, reason="x", now=now, until=now)
