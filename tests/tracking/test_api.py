"""The documents of tracking."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from tests.factories import make_recipients
from tests.tracking.factories import CRAWLER, make_hit, make_message
from tracking.models import HitKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.create_superuser("alice"))
    return client


def test_the_tracking_log_is_listed_with_its_url_and_filtered_by_its_fields(client: APIClient) -> None:
    anne, bob = make_recipients(2)
    first, second = make_message(anne), make_message(bob)
    link = first.preparation.content_version.tracked_urls.get(kind="click")  # type: ignore[union-attr]
    hit = make_hit(first, HitKind.CLICK)
    hit.tracked_url = link
    hit.save()
    make_hit(second, user_agent=CRAWLER)

    def listed(**filters: Any) -> Any:
        return client.get("/api/v1/tracking-logs/", filters).json()["results"]

    [document] = listed(delivery=first.delivery_id)
    assert document["url"] == "https://shop.example.com/offer?a=1&b=2"
    assert (document["kind"], document["verdict"], document["broadlog"]) == ("click", "human", first.pk)
    assert [row["recipient"] for row in listed(verdict="scanner")] == [bob.pk]
    assert [row["recipient"] for row in listed(kind="open", recipient=bob.pk)] == [bob.pk]
    assert listed(broadlog=first.pk) == [document]


def test_tracked_urls_are_listed_by_delivery(client: APIClient) -> None:
    message = make_message(make_recipients(1)[0])
    make_message(make_recipients(1)[0])

    rows = client.get("/api/v1/tracked-urls/", {"delivery": message.delivery_id}).json()["results"]

    assert {(row["number"], row["kind"]) for row in rows} == {(1, "click"), (2, "unsubscribe")}


def test_nothing_can_be_written_and_strangers_read_nothing(client: APIClient) -> None:
    assert client.post("/api/v1/tracking-logs/", {}).status_code == 405
    assert client.delete("/api/v1/tracked-urls/1/").status_code == 405
    assert APIClient().get("/api/v1/tracking-logs/").status_code == 401
