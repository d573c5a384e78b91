"""What belongs to whoever is signed in: language, keys, token, search and saved views."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.authtoken.models import Token

from installation.models import AuditEntry, Preference, SavedView
from operations.models import Operation
from recipients.models import RecipientList
from tests.factories import make_recipients

pytestmark = pytest.mark.django_db
DELIVERIES = "/admin/deliveries/delivery/"


@pytest.fixture
def reader() -> User:
    """Somebody who may see operations and nothing else."""
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_operation"))
    return user


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_chosen_language_follows_the_user_to_another_device(admin_user: User) -> None:
    answer = client_of(admin_user).post("/i18n/setlang/", {"language": "fr", "next": "/admin/"})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    elsewhere = client_of(admin_user).get("/admin/", headers={"Accept-Language": "en"})
    assert elsewhere.headers["Content-Language"] == "fr"


def test_the_language_of_the_browser_holds_for_who_never_chose(admin_user: User) -> None:
    page = client_of(admin_user).get("/admin/account/", headers={"Accept-Language": "fr"})

    assert page.headers["Content-Language"] == "fr"
    assert not Preference.objects.exists()


def test_a_language_that_the_pages_lack_is_not_kept(admin_user: User) -> None:
    client = client_of(admin_user)

    client.post("/i18n/setlang/", {"language": "xx", "next": "/admin/"})

    assert not Preference.objects.exists()
    assert client.get("/admin/").headers["Content-Language"] == "en"


def test_the_language_of_a_visitor_is_a_cookie_that_leads_back_to_our_pages_only(client: Client) -> None:
    answer = client.post("/i18n/setlang/", {"language": "fr", "next": "https://evil.example/"})

    assert answer.headers["Location"] == "/"
    assert client.get("/admin/login/").headers["Content-Language"] == "fr"


def test_preferences_are_read_once_in_a_session(
    admin_user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(admin_user)
    client.get("/admin/search/")

    # The session and the user, no more.
    with django_assert_num_queries(2):
        client.get("/admin/search/")


def test_the_account_page_keeps_the_language_and_the_keys(admin_user: User) -> None:
    client = client_of(admin_user)

    answer = client.post("/admin/account/", {"language": "fr"}, follow=True)

    preference = Preference.objects.get(user=admin_user)
    assert (preference.language, preference.shortcuts) == ("fr", False)
    assert 'data-shortcuts="off"' in answer.content.decode()
    assert answer.headers["Content-Language"] == "fr"


def test_a_new_token_is_shown_once_and_the_old_one_stops(admin_user: User) -> None:
    client = client_of(admin_user)
    old = Token.objects.create(user=admin_user).key

    shown = client.post("/admin/account/token/").content.decode()

    new = Token.objects.get(user=admin_user).key
    assert new != old and new in shown
    assert client.get("/api/v1/options/", headers={"Authorization": f"Token {old}"}).status_code == 401
    later = client.get("/admin/account/").content.decode()
    assert new not in later and f"…{new[-4:]}" in later
    assert AuditEntry.objects.get().action == "new_token"


@pytest.mark.parametrize("path", ["/admin/account/", "/admin/search/?q=a"])
def test_the_account_and_the_search_are_for_those_who_signed_in(client: Client, path: str) -> None:
    assert client.get(path).headers["Location"].startswith("/admin/login/")


def labels(client: Client, words: str) -> list[str]:
    return [found["label"] for found in client.get("/admin/search/", {"q": words}).json()["results"]]


def test_the_search_finds_by_a_part_of_the_label_at_most_eight_of_a_kind(admin_client: Client) -> None:
    for number in range(10):
        Operation.objects.create(label=f"Birthdays {number}")
    RecipientList.objects.create(label="Birthdays in June")

    found = labels(admin_client, "birthdays")

    assert len(found) == 9
    assert found[-1] == "Birthdays in June"


def test_the_search_finds_people_by_their_whole_address_or_their_number(admin_client: Client) -> None:
    ada, grace = make_recipients(2)

    assert labels(admin_client, ada.email.upper()) == [str(ada)]
    assert labels(admin_client, f"#{grace.pk}") == [str(grace)]
    assert labels(admin_client, ada.email[:5]) == []
    assert labels(admin_client, "9" * 40) == []


def test_the_search_shows_what_the_user_may_see(reader: User) -> None:
    Operation.objects.create(label="Birthdays")
    RecipientList.objects.create(label="Birthdays in June")

    found = client_of(reader).get("/admin/search/", {"q": "birth"}).json()["results"]

    assert [(entry["label"], entry["url"]) for entry in found] == [
        ("Birthdays", f"/admin/operations/operation/{Operation.objects.get().pk}/change/")
    ]


def test_the_search_asks_the_same_number_of_questions_however_much_there_is(
    admin_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    admin_client.get("/admin/search/")
    for number in range(20):
        Operation.objects.create(label=f"12 {number}")

    with django_assert_max_num_queries(8):
        admin_client.get("/admin/search/", {"q": "12"})


def save(client: Client, label: str, query: str = "channel=email", **more: str) -> int:
    values = {"model": "deliveries.delivery", "label": label, "query": query, **more}
    return client.post("/admin/account/views/", values).status_code


def test_filters_are_kept_under_a_name_and_shown_above_the_list(admin_client: Client) -> None:
    save(admin_client, "  By   mail ")

    view = SavedView.objects.get()
    assert (view.model, view.label, view.query, view.shared) == (
        "deliveries.delivery",
        "By mail",
        "channel=email",
        False,
    )


def test_the_list_offers_to_keep_its_filters_and_marks_the_view_that_it_shows(admin_client: Client) -> None:
    lists, query = "/admin/recipients/service/", "channel__exact=sms"
    plain = admin_client.get(lists).content.decode()
    filtered = admin_client.get(f"{lists}?{query}").content.decode()
    save(admin_client, "By text", query, model="recipients.service")
    shown = admin_client.get(f"{lists}?{query}&p=1").content.decode()

    assert 'action="/admin/account/views/"' not in plain
    assert 'action="/admin/account/views/"' in filtered
    assert f'<a href="?{query}" aria-current="true">' in shown and "By text" in shown


def test_a_name_given_again_gets_the_new_filters(admin_client: Client) -> None:
    save(admin_client, "Mine")
    save(admin_client, "Mine", "state=3")

    assert SavedView.objects.get().query == "state=3"


@pytest.mark.parametrize(("label", "query"), [(" ", "a=1"), ("x" * 101, "a=1"), ("long", "a=" + "1" * 2001)])
def test_a_view_without_a_name_or_too_long_is_refused(admin_client: Client, label: str, query: str) -> None:
    assert save(admin_client, label, query) == 302
    assert not SavedView.objects.exists()


def test_views_of_lists_that_do_not_exist_or_may_not_be_seen_are_refused(admin_client: Client, reader: User) -> None:
    for model in ("", "nothing", "no.such", "sessions.session"):
        assert admin_client.post("/admin/account/views/", {"model": model, "label": "x"}).status_code == 404
    assert save(client_of(reader), "x") == 403


def test_a_view_is_shared_and_deleted_by_its_owner_only(admin_client: Client, reader: User) -> None:
    save(admin_client, "Mine")
    view = SavedView.objects.get()
    address = f"/admin/account/views/{view.pk}"

    assert client_of(reader).post(f"{address}/delete/").status_code == 404
    admin_client.post(f"{address}/share/", {"shared": "1"})
    view.refresh_from_db()
    assert view.shared
    assert admin_client.post(f"{address}/delete/").headers["Location"] == DELIVERIES
    assert not SavedView.objects.exists()


def test_the_catalogue_of_the_scripts_follows_the_language_at_once(admin_user: User) -> None:
    client = client_of(admin_user)
    first = client.get("/i18n/catalog.js")

    assert "gettext" in first.content.decode()
    assert client.get("/i18n/catalog.js", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    client.post("/i18n/setlang/", {"language": "fr", "next": "/admin/"})
    changed = client.get("/i18n/catalog.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, changed.headers["Content-Language"]) == (200, "fr")
    assert {"no-cache", "private"} <= {part.strip() for part in changed.headers["Cache-Control"].split(",")}
