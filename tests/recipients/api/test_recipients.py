from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from recipients.models import Recipient, RecipientList, RecipientListMember
from tests.factories import make_recipient, make_recipients
from tests.recipients.factories import client_with

pytestmark = pytest.mark.django_db
URL = "/api/v1/recipients/"


@pytest.mark.parametrize("name", ["recipients", "recipient-lists", "services", "subscriptions", "quarantine"])
def test_strangers_get_401_and_users_without_permission_403(name: str) -> None:
    url = f"/api/v1/{name}/"

    assert APIClient().get(url).status_code == 401
    assert client_with().get(url).status_code == 403


def test_reading_is_not_writing() -> None:
    client = client_with("view_recipient")
    row = make_recipient()

    assert client.get(f"{URL}{row.pk}/").status_code == 200
    assert client.post(URL, {"email": "new@x.org"}).status_code == 403
    assert client.patch(f"{URL}{row.pk}/", {"first_name": "X"}).status_code == 403
    assert Recipient.objects.count() == 1


def test_the_document_of_a_recipient() -> None:
    row = make_recipient(1, denylist_sms=True, attributes={"vip": True})

    document = client_with("view_recipient").get(f"{URL}{row.pk}/").json()

    created_at = document.pop("created_at")
    assert created_at
    assert document == {
        "id": row.pk,
        "email": "person1@example.com",
        "first_name": "First1",
        "last_name": "Last1",
        "mobile_phone": "",
        "birth_date": None,
        "language": "en",
        "gender": "",
        "country_code": "GB",
        "denylist": {"email": False, "sms": True, "push": False, "file": False, "all": False},
        "attributes": {"vip": True},
    }


def test_a_recipient_is_created_and_changed() -> None:
    client = client_with("view_recipient", "add_recipient", "change_recipient")

    created = client.post(URL, {"email": " Ann@X.org ", "denylist": {"email": True}, "attributes": {"n": 1}})
    assert created.status_code == 201, created.json()
    url = f"{URL}{created.json()['id']}/"
    changed = client.patch(url, {"first_name": "=1+1 <b>", "denylist": {"sms": True}})

    assert changed.status_code == 200, changed.json()
    row = Recipient.objects.get()
    assert (row.email, row.first_name, row.attributes) == ("Ann@X.org", "=1+1 <b>", {"n": 1})
    assert (row.denylist_email, row.denylist_sms, row.denylist_all) == (True, True, False)


def test_a_recipient_needs_no_address_and_two_may_share_one() -> None:
    client = client_with("view_recipient", "add_recipient")

    for body in ({}, {"email": ""}, {"email": None}, {"email": "a@x.org"}, {"email": "a@x.org"}):
        assert client.post(URL, body).status_code == 201

    assert Recipient.objects.filter(email="").count() == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "ann@x.org\r\nBcc: b@x.org"}, "email"),
        ({"email": "ann@x.org\n"}, "email"),
        ({"email": "a" * 300}, "email"),
        ({"birth_date": "yesterday"}, "birth_date"),
        ({"gender": "other?"}, "gender"),
        ({"country_code": "FRA"}, "country_code"),
        ({"attributes": []}, "attributes"),
        ({"attributes": {'a"b': 1}}, "attributes"),
        ({"attributes": {"a": "x\x00y"}}, "attributes"),
        ({"attributes": {"a": "x" * 200_000}}, "attributes"),
        ({"denylist": {"email": "perhaps"}}, "denylist"),
    ],
)
def test_a_wrong_value_is_named(body: dict[str, Any], field: str) -> None:
    answer = client_with("add_recipient").post(URL, body)

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert list(answer.json()["fields"]) == [field]
    assert not Recipient.objects.exists()


def test_recipients_are_never_deleted() -> None:
    row = make_recipient()

    assert client_with("view_recipient", "delete_recipient").delete(f"{URL}{row.pk}/").status_code == 405
    assert Recipient.objects.filter(pk=row.pk).exists()


def test_lists_are_filtered_by_the_fields_shown() -> None:
    ann = make_recipient(1, email="Ann@X.org", language="fr", denylist_all=True)
    bob = make_recipient(2, email="bob@x.org", country_code="FR")
    members = RecipientList.objects.create(label="A")
    RecipientListMember.objects.create(recipient_list=members, recipient=bob)
    client = client_with("view_recipient")

    def found(query: str) -> list[int]:
        return [row["id"] for row in client.get(f"{URL}?{query}").json()["results"]]

    assert found("email=ann@x.ORG") == found("language=fr") == found("denylist_all=true") == [ann.pk]
    assert found("country_code=FR") == found(f"list={members.pk}") == found(f"id={bob.pk}") == [bob.pk]
    assert found("email=") == found("") == [bob.pk, ann.pk]
    assert client.get(f"{URL}?email=a%00b").status_code == 400


def test_pages_follow_each_other_and_cost_the_same_statements() -> None:
    client = client_with("view_recipient")
    make_recipients(30)
    client.get(URL)
    costs = []
    for size in (3, 20):
        with CaptureQueriesContext(connection) as queries:
            first = client.get(f"{URL}?page_size={size}").json()
        costs.append(len(queries))

    assert costs[0] == costs[1]
    second = client.get(first["next"]).json()
    assert len(second["results"]) == 10 and second["next"] is None
    assert not {row["id"] for row in first["results"]} & {row["id"] for row in second["results"]}
