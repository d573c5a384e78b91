from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from recipients.models import Quarantine, RecipientList, RecipientListMember, Service, Subscription, SubscriptionEvent
from tests.factories import make_recipient, make_recipients
from tests.recipients.factories import client_with

pytestmark = pytest.mark.django_db
LISTS = "/api/v1/recipient-lists/"
SUBSCRIPTIONS = "/api/v1/subscriptions/"
QUARANTINE = "/api/v1/quarantine/"


def test_members_are_added_and_removed_by_id() -> None:
    ann, bob, eve = (person.pk for person in make_recipients(3))
    client = client_with("view_recipientlist", "add_recipientlist", "change_recipientlist")
    created = client.post(LISTS, {"label": "Lyon"}).json()
    url = f"{LISTS}{created['id']}/"

    assert created["internal_name"].startswith("lyon-")
    assert client.post(f"{url}add/", {"recipients": [ann, bob]}).json() == {"changed": 2}
    assert client.post(f"{url}add/", {"recipients": [bob, eve]}).json() == {"changed": 1}
    assert client.post(f"{url}remove/", {"recipients": [ann]}).json() == {"changed": 1}

    page = client.get(f"{url}members/?page_size=1").json()
    assert page["results"] == [bob]
    assert client.get(page["next"]).json() == {"results": [eve], "next": None}


@pytest.mark.parametrize(
    "body", [{}, {"recipients": []}, {"recipients": ["x"]}, {"recipients": [999]}, {"recipients": 3}]
)
def test_wrong_members_are_refused(body: dict[str, Any]) -> None:
    chosen = RecipientList.objects.create(label="A")

    answer = client_with("change_recipientlist").post(f"{LISTS}{chosen.pk}/add/", body)

    assert answer.status_code == 400
    assert "recipients" in answer.json()["fields"]


def test_who_may_only_look_changes_no_members() -> None:
    person, chosen = make_recipient(), RecipientList.objects.create(label="A")
    client = client_with("view_recipientlist", "add_recipientlist")

    for verb in ("add", "remove"):
        assert client.post(f"{LISTS}{chosen.pk}/{verb}/", {"recipients": [person.pk]}).status_code == 403
    assert not RecipientListMember.objects.exists()
    assert client.get(f"{LISTS}{chosen.pk}/members/").json() == {"results": [], "next": None}


def test_subscribing_and_leaving_by_the_api_is_in_the_history() -> None:
    person, service = make_recipient(), Service.objects.create(label="News")
    client = client_with("view_subscription", "add_subscription", "delete_subscription")
    body = {"service": service.pk, "recipient": person.pk}

    created = client.post(SUBSCRIPTIONS, body)
    again = client.post(SUBSCRIPTIONS, body)

    assert (created.status_code, again.status_code) == (201, 200)
    assert created.json() == again.json()
    assert client.get(f"{SUBSCRIPTIONS}?recipient={person.pk}").json()["results"] == [created.json()]
    assert client.delete(f"{SUBSCRIPTIONS}{created.json()['id']}/").status_code == 204
    assert not Subscription.objects.exists()
    events = SubscriptionEvent.objects.order_by("pk").values_list("action", "origin")
    assert list(events) == [("subscribe", "api"), ("unsubscribe", "api")]


def test_a_subscription_is_never_rewritten_and_names_rows_that_exist() -> None:
    person, service = make_recipient(), Service.objects.create(label="News")
    client = client_with("view_subscription", "add_subscription", "change_subscription")

    assert client.post(SUBSCRIPTIONS, {"service": 999, "recipient": person.pk}).status_code == 400
    assert client.post(SUBSCRIPTIONS, {"service": service.pk}).status_code == 400
    row = client.post(SUBSCRIPTIONS, {"service": service.pk, "recipient": person.pk}).json()
    assert client.patch(f"{SUBSCRIPTIONS}{row['id']}/", {"service": service.pk}).status_code == 405


def test_services_are_kept_by_the_api() -> None:
    client = client_with("view_service", "add_service", "change_service", "delete_service")

    created = client.post("/api/v1/services/", {"label": "News", "channel": "sms"})

    assert created.status_code == 201
    assert created.json()["channel"] == "sms"
    assert client.post("/api/v1/services/", {"label": "News", "channel": "pigeon"}).status_code == 400
    assert client.delete(f"/api/v1/services/{created.json()['id']}/").status_code == 204


def quarantined(**values: Any) -> Quarantine:
    defaults: dict[str, Any] = {"channel": "email", "address": "ann@x.org", "status": 4, "failure_type": 1}
    return Quarantine.objects.create(**{**defaults, "failure_reason": 1, "delivery_id": 7, **values})


def test_quarantine_shows_slugs_and_is_filtered_by_them() -> None:
    row = quarantined()
    quarantined(address="bob@x.org", status=2)
    client = client_with("view_quarantine")

    (found,) = client.get(f"{QUARANTINE}?status=quarantined&failure_reason=user_unknown").json()["results"]

    assert (found["id"], found["status"], found["failure_type"]) == (row.pk, "quarantined", "hard")
    assert (found["failure_reason"], found["delivery"]) == ("user_unknown", 7)
    assert client.get(f"{QUARANTINE}?status=4").status_code == 400
    assert len(client.get(f"{QUARANTINE}?address=ANN@x.org").json()["results"]) == 1


def test_an_address_is_released_once_and_only_with_permission(now: datetime) -> None:
    row = quarantined(error_count=3)
    url = f"{QUARANTINE}{row.pk}/release/"

    assert client_with("view_quarantine").post(url).status_code == 403
    row.refresh_from_db()
    assert row.status == Quarantine.Status.QUARANTINED
    client = client_with("change_quarantine")
    released = client.post(url)
    assert (released.status_code, released.json()["status"], released.json()["error_count"]) == (200, "valid", 0)
    refused = client.post(url)
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_state")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_quarantine_is_written_by_no_one_from_outside(method: str) -> None:
    row = quarantined()
    client = client_with("view_quarantine", "add_quarantine", "change_quarantine", "delete_quarantine")
    url = QUARANTINE if method == "post" else f"{QUARANTINE}{row.pk}/"

    assert getattr(client, method)(url, {}).status_code == 405
