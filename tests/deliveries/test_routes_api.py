"""Routes and affinities over the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from deliveries.endpoints import endpoint
from deliveries.models import Affinity, Relay, Route

pytestmark = pytest.mark.django_db

API = "/api/v1"
SECOND = {"url": "smtp://second.example", "password": "other", "preference": 1, "weight": 3}


@pytest.fixture
def client(admin_user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(admin_user)
    return client


def make(client: APIClient, **values: Any) -> dict[str, Any]:
    body = {"label": "Relay", "url": "smtp://me@relay.example:587", **values}
    answer = client.post(f"{API}/routes/", body, format="json")
    assert answer.status_code == 201, answer.json()
    document: dict[str, Any] = answer.json()
    return document


def test_the_password_of_a_route_goes_in_and_never_comes_out(client: APIClient) -> None:
    document = make(client, password="s3cret pass")

    assert "s3cret" not in str(document)
    assert document["has_password"] is True
    route = Route.objects.get(pk=document["id"])
    assert endpoint(route).password == "s3cret pass"
    client.patch(f"{API}/routes/{route.pk}/", {"label": "Other"})
    route.refresh_from_db()
    assert endpoint(route).password == "s3cret pass"


def test_a_route_is_written_with_its_servers_and_limits(client: APIClient) -> None:
    document = make(client, relays=[SECOND], weight=2, max_messages_per_connection=50, relay_log="/var/log/mail.log")

    assert document["relays"] == [
        {
            "url": "smtp://second.example",
            "authentication": "password",
            "has_password": True,
            "preference": 1,
            "weight": 3,
        }
    ]
    assert (document["weight"], document["max_messages_per_connection"]) == (2, 50)
    assert "other" not in str(document)
    assert endpoint(Relay.objects.get()).password == "other"


def test_a_server_that_stays_keeps_its_password_and_one_that_is_left_out_goes(client: APIClient) -> None:
    document = make(client, relays=[SECOND, {"url": "smtps://third.example"}])

    answer = client.patch(
        f"{API}/routes/{document['id']}/", {"relays": [{"url": SECOND["url"], "preference": 2}]}, format="json"
    )

    assert [relay["url"] for relay in answer.json()["relays"]] == [SECOND["url"]]
    relay = Relay.objects.get()
    assert (relay.preference, endpoint(relay).password) == (2, "other")
    untouched = client.patch(f"{API}/routes/{document['id']}/", {"label": "Other"}, format="json")
    assert len(untouched.json()["relays"]) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"url": "smtp://me:secret@relay.example"}, "url"),
        ({"url": "mx://host.example"}, "url"),
        ({"url": "mx://", "relays": [SECOND]}, "relays"),
        ({"relays": [{"url": "mx://"}]}, "relays"),
        ({"relays": [SECOND, SECOND]}, "relays"),
        ({"relay_log_format": "papyrus"}, "relay_log_format"),
        ({"weight": 0}, "weight"),
        ({"authentication": "smoke"}, "authentication"),
    ],
)
def test_what_can_not_be_is_refused_and_the_field_named(client: APIClient, values: dict[str, Any], field: str) -> None:
    body = {"label": "Relay", "url": "smtp://relay.example", **values}
    answer = client.post(f"{API}/routes/", body, format="json")

    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])
    assert not Route.objects.filter(label="Relay").exists()


def test_a_list_of_routes_asks_as_often_for_many_as_for_one(
    client: APIClient, django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        route = Route.objects.create(label=f"Route {number}", internal_name=f"r{number}")
        Relay.objects.create(route=route, url="smtp://second.example")

    with django_assert_max_num_queries(8):
        assert len(client.get(f"{API}/routes/").json()["results"]) == 8


def test_an_affinity_says_from_where_its_messages_leave(client: APIClient) -> None:
    values = {"name": "out", "source_ipv4": "192.0.2.1", "source_ipv6": None, "host_name": "out.example.com"}
    answer = client.post(f"{API}/affinities/", values, format="json")

    assert answer.status_code == 201
    assert {name: answer.json()[name] for name in values} == values
    for wrong in ({"source_ipv4": "::1"}, {"host_name": "a b"}, {"host_name": "localhost"}):
        refused = client.post(f"{API}/affinities/", {**values, "name": "x", **wrong}, format="json")
        assert (refused.status_code, list(refused.json()["fields"])) == (400, list(wrong))
    assert Affinity.objects.count() == 1
