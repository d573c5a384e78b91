from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recipients.lists import append
from recipients.models import Quarantine, Recipient, RecipientList, Service, SubscriptionEvent
from recipients.subscriptions import subscribe
from tests.factories import make_recipient, make_recipients
from tests.recipients.factories import make_user

pytestmark = pytest.mark.django_db
PEOPLE = "/admin/recipients/recipient/"


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def form(**values: Any) -> dict[str, Any]:
    inlines = {
        f"{prefix}-{name}": 0
        for prefix in ("subscriptions", "subscription_events")
        for name in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    return {"attributes": "{}", **inlines, **values}


@pytest.mark.parametrize("page", ["recipient", "recipientlist", "service", "quarantine", "subscriptionevent"])
def test_every_page_opens_and_searches(page: str, admin: Client, now: datetime) -> None:
    person, service = make_recipient(), Service.objects.create(label="News")
    subscribe(service=service, recipient_id=person.pk, origin="form", now=now)
    RecipientList.objects.create(label="A")
    Quarantine.objects.create(channel="email", address="ann@x.org", status=4)

    assert admin.get(f"/admin/recipients/{page}/").status_code == 200
    assert admin.get(f"/admin/recipients/{page}/?q=person").status_code == 200


def test_people_are_found_by_the_beginning_of_their_address_or_name(admin: Client) -> None:
    make_recipient(1, email="ann@x.org", last_name="Martin")
    make_recipient(2, email="joann@x.org", last_name="Dupont")

    page = admin.get(f"{PEOPLE}?q=ann").content.decode()
    assert "ann@x.org" in page and "joann@x.org" not in page
    assert "joann@x.org" in admin.get(f"{PEOPLE}?q=dup").content.decode()


def test_the_table_of_people_is_never_counted_whole(admin: Client) -> None:
    make_recipients(3)

    with CaptureQueriesContext(connection) as queries:
        admin.get(PEOPLE)

    counted = [query["sql"] for query in queries if "COUNT(" in query["sql"] and "recipients_recipient" in query["sql"]]
    assert all("LIMIT 10000" in sql for sql in counted)


def test_the_list_of_people_offers_no_order_without_an_index_and_the_languages_that_are_there(admin: Client) -> None:
    make_recipient(1, language="de")
    make_recipient(2, language="")

    answer = admin.get(f"{PEOPLE}?o=2")

    assert answer.context["cl"].queryset.query.order_by[0] == "-pk"
    assert "?language=de" in answer.content.decode()
    assert "joann" not in admin.get(f"{PEOPLE}?language=fr").content.decode()


def test_subscriptions_are_found_by_the_address_of_their_person(admin: Client, now: datetime) -> None:
    service = Service.objects.create(label="News")
    for person in make_recipients(2):
        subscribe(service=service, recipient_id=person.pk, origin="form", now=now)

    rows = admin.get("/admin/recipients/subscriptionevent/?q=PERSON2@example.com").context["cl"].result_list

    assert [row.recipient.email for row in rows] == ["person2@example.com"]


def test_an_address_is_checked_by_the_form(admin: Client) -> None:
    refused = admin.post(f"{PEOPLE}add/", form(email="ann@x.org\r\nBcc: b@x.org"))
    assert "not an e-mail address" in refused.content.decode()
    assert not Recipient.objects.exists()

    assert admin.post(f"{PEOPLE}add/", form(email="Ann@X.org")).status_code == 302
    assert admin.post(f"{PEOPLE}add/", form(email="")).status_code == 302
    assert set(Recipient.objects.values_list("email", flat=True)) == {"Ann@X.org", ""}


def test_a_person_shows_their_history_and_markup_in_it_stays_text(admin: Client, now: datetime) -> None:
    person = make_recipient(1, first_name="<script>alert(1)</script>")
    subscribe(service=Service.objects.create(label="News"), recipient_id=person.pk, origin="<b>form</b>", now=now)

    page = admin.get(f"{PEOPLE}{person.pk}/change/").content.decode()

    assert "News" in page and "&lt;b&gt;form&lt;/b&gt;" in page
    assert "<script>alert(1)" not in page


def test_people_and_their_history_are_not_deleted_here(admin: Client, now: datetime) -> None:
    person = make_recipient()
    subscribe(service=Service.objects.create(label="News"), recipient_id=person.pk, origin="form", now=now)
    event = SubscriptionEvent.objects.get()

    assert admin.post(f"{PEOPLE}{person.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin.post(f"/admin/recipients/subscriptionevent/{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in admin.get(PEOPLE).content.decode()


def test_a_list_links_to_its_members_instead_of_showing_them_all(admin: Client) -> None:
    inside, outside = make_recipients(2)
    chosen = RecipientList.objects.create(label="Lyon")
    append(recipient_list=chosen, rows=Recipient.objects.filter(pk=inside.pk).values("pk"))

    assert (
        f"{PEOPLE}?list={chosen.pk}"
        in admin.get(f"/admin/recipients/recipientlist/{chosen.pk}/change/").content.decode()
    )
    members = admin.get(f"{PEOPLE}?list={chosen.pk}").content.decode()
    assert inside.email in members and outside.email not in members


def test_addresses_are_released_one_by_one_and_together(admin: Client) -> None:
    rows = [Quarantine.objects.create(channel="email", address=f"{name}@x.org", status=4) for name in ("a", "b", "c")]
    url = "/admin/recipients/quarantine/"

    admin.post(f"{url}{rows[0].pk}/do/release_address/")
    chosen = {"action": "release_selected", "_selected_action": [rows[1].pk]}
    admin.post(url, chosen)

    assert list(Quarantine.objects.order_by("pk").values_list("status", flat=True)) == [2, 2, 4]


def test_who_may_only_look_releases_nothing() -> None:
    row = Quarantine.objects.create(channel="email", address="a@x.org", status=4)
    client = Client()
    client.force_login(make_user("view_quarantine"))
    url = "/admin/recipients/quarantine/"

    assert client.get(url).status_code == 200
    assert client.post(f"{url}{row.pk}/do/release_address/").status_code == 403
    client.post(url, {"action": "release_selected", "_selected_action": [row.pk]})

    row.refresh_from_db()
    assert row.status == Quarantine.Status.QUARANTINED


def test_a_deletion_counts_what_goes_with_it_however_many_that_are(
    admin: Client, django_assert_max_num_queries: Any, now: datetime
) -> None:
    chosen = RecipientList.objects.create(label="Customers")
    make_recipients(30)
    append(recipient_list=chosen, rows=Recipient.objects.values("pk"))

    with django_assert_max_num_queries(12):
        page = admin.get(f"/admin/recipients/recipientlist/{chosen.pk}/delete/").content.decode()
    done = admin.post(f"/admin/recipients/recipientlist/{chosen.pk}/delete/", {"post": "yes"})

    assert "30 list members" in page
    assert "#" + str(Recipient.objects.order_by("pk")[0].pk) not in page
    assert (done.status_code, RecipientList.objects.count(), Recipient.objects.count()) == (302, 0, 30)


def test_deleting_a_service_counts_its_subscriptions(admin: Client, now: datetime) -> None:
    service = Service.objects.create(label="News")
    make_recipients(3)
    for person in Recipient.objects.all():
        subscribe(service=service, recipient_id=person.pk, origin="test", now=now)

    page = admin.get(f"/admin/recipients/service/{service.pk}/delete/").content.decode()

    assert "3 subscriptions" in page
