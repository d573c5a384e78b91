"""The pages and documents of inbound mails, as operators and programs use them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from deliveries.inbound.applying import apply_mails
from deliveries.inbound.sources.address import password_of
from deliveries.models.inbound import InboundMail, InboundSource
from tests.deliveries.inbound.boxes import make_box
from tests.deliveries.inbound.mails import bounce, dsn, in_quarantine, mails, make_sent, messages_of

pytestmark = pytest.mark.django_db
SOURCES, MAILS = "/admin/deliveries/inboundsource/", "/admin/deliveries/inboundmail/"
UNDO = f"{MAILS}undo/"


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


def source_form(**values: str) -> dict[str, str]:
    defaults = {"label": "Bounces", "kind": "imap", "url": "imaps://me@mail.example.com/INBOX", "enabled": "on"}
    return {**defaults, "authentication": "password", "domain": "b.example.com", "password": "", **values}


def test_a_source_is_made_with_a_password_that_never_comes_out(admin_client: Client) -> None:
    answer = admin_client.post(f"{SOURCES}add/", source_form(password="very secret"), follow=True)

    source = InboundSource.objects.get()
    assert (answer.status_code, password_of(source)) == (200, "very secret")
    page = admin_client.get(f"{SOURCES}{source.pk}/change/").content.decode()
    assert "very secret" not in page
    admin_client.post(f"{SOURCES}{source.pk}/change/", source_form(label="Renamed"))
    source.refresh_from_db()
    assert (source.label, password_of(source)) == ("Renamed", "very secret")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"url": "imaps://me:secret@mail.example.com"}, "Leave the password out"),
        ({"kind": "maildir", "url": "maildir:bounces"}, "whole path"),
        ({"kind": "webhook", "url": "nobody"}, "There is no provider nobody"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_the_reason(
    values: dict[str, str], says: str, admin_client: Client
) -> None:
    assert says in admin_client.post(f"{SOURCES}add/", source_form(**values)).content.decode()
    assert not InboundSource.objects.exists()


def test_a_source_is_tested_and_read_by_a_button(admin_client: Client, now: datetime, tmp_path: Path) -> None:
    row = messages_of(make_sent(now))[0]
    source = make_box(tmp_path / "box", [dsn(row)])

    tested = admin_client.post(f"{SOURCES}{source.pk}/do/test/", follow=True).content.decode()
    read = admin_client.post(f"{SOURCES}{source.pk}/do/read_now/", follow=True).content.decode()

    assert "“Bounces” answers." in tested
    assert "1 mail was read." in read
    assert in_quarantine() == {row.address: "quarantined"}


def test_a_source_that_fails_says_why(admin_client: Client, tmp_path: Path) -> None:
    source = InboundSource.objects.create(label="Lost", kind="maildir", url=f"maildir:{tmp_path}/nowhere")

    page = admin_client.post(f"{SOURCES}{source.pk}/do/read_now/", follow=True).content.decode()

    assert "nowhere is no Maildir" in page


def test_the_mails_are_listed_and_each_tells_what_it_changed(admin_client: Client, now: datetime) -> None:
    row = messages_of(make_sent(now))[0]
    apply_mails(mails(bounce(row, detail="<script>alert(1)</script>"), None), now=now)

    listed = admin_client.get(MAILS, {"outcome__exact": "applied"}).content.decode()
    page = admin_client.get(f"{MAILS}{InboundMail.objects.get(outcome='applied').pk}/change/").content.decode()
    aside = admin_client.get(f"{MAILS}{InboundMail.objects.get(outcome='set_aside').pk}/change/").content.decode()

    assert row.address in listed
    assert "<script>alert(1)" not in listed + page
    assert "User unknown" in page
    assert "set-aside" in aside


def test_the_list_of_mails_costs_the_same_whatever_it_shows(
    admin_client: Client, now: datetime, django_assert_max_num_queries: Any
) -> None:
    rows = messages_of(make_sent(now, people=20))
    apply_mails(mails(*(bounce(row) for row in rows)), now=now)

    with django_assert_max_num_queries(15):
        assert admin_client.get(MAILS).status_code == 200


def outage_form(now: datetime, **values: str) -> dict[str, str]:
    start, end = timezone.localtime(now - timedelta(hours=1)), timezone.localtime(now + timedelta(hours=1))
    times = {"since_0": f"{start:%Y-%m-%d}", "since_1": f"{start:%H:%M:%S}"}
    times |= {"until_0": f"{end:%Y-%m-%d}", "until_1": f"{end:%H:%M:%S}"}
    return {**times, "domain": "example.com", "text": "", **values}


def test_an_outage_is_shown_first_and_taken_back_when_confirmed(admin_client: Client, now: datetime) -> None:
    rows = messages_of(make_sent(now))
    apply_mails(mails(*(bounce(row) for row in rows)), now=now)

    shown = admin_client.post(UNDO, outage_form(now)).content.decode()

    assert "3 addresses" in shown
    assert "550 5.1.1 no such user" in shown
    assert set(in_quarantine().values()) == {"quarantined"}
    done = admin_client.post(UNDO, outage_form(now, confirm="1"), follow=True).content.decode()
    assert "3 addresses have the state they had before; 3 mails are undone." in done
    assert set(in_quarantine().values()) == {"valid"}


def test_an_outage_without_domain_and_words_is_refused(admin_client: Client, now: datetime) -> None:
    page = admin_client.post(UNDO, outage_form(now, domain="", confirm="1")).content.decode()
    assert "Name the domain, words of its answer, or both." in page


def test_only_who_may_change_the_quarantine_takes_an_outage_back(now: datetime) -> None:
    user = User.objects.create_user("reader", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_inboundmail"))
    client = Client()
    client.force_login(user)

    assert client.get(MAILS).status_code == 200
    assert client.get(UNDO).status_code == 403
    assert client.get(SOURCES).status_code == 403
    assert "undo/" not in client.get(MAILS).content.decode()


def test_the_api_makes_sources_and_reads_mails(admin_client: Client, now: datetime) -> None:
    body = {"label": "Bounces", "kind": "pop3", "url": "pop3s://me@mail.example.com", "password": "very secret"}
    made = admin_client.post("/api/v1/inbound-sources/", body, content_type="application/json")
    apply_mails(mails(bounce(messages_of(make_sent(now))[0])), now=now)

    assert (made.status_code, made.json()["has_password"]) == (201, True)
    assert "password" not in made.json()
    (row,) = admin_client.get("/api/v1/inbound-mails/?kind=bounce").json()["results"]
    assert (row["outcome"], row["failure_type"], row["failure_reason"]) == ("applied", "hard", "user_unknown")
    refused = admin_client.post(
        "/api/v1/inbound-sources/", {**body, "url": "imap://x"}, content_type="application/json"
    )
    assert refused.status_code == 400


def test_the_api_takes_an_outage_back(admin_client: Client, now: datetime) -> None:
    rows = messages_of(make_sent(now))
    apply_mails(mails(*(bounce(row) for row in rows)), now=now)
    body = {"since": (now - timedelta(hours=1)).isoformat(), "until": (now + timedelta(hours=1)).isoformat()}

    def undo(**values: Any) -> Any:
        return admin_client.post("/api/v1/inbound-mails/undo/", {**body, **values}, content_type="application/json")

    assert undo().status_code == 400
    assert undo(domain="example.com", dry_run=True).json() == {"addresses": 3, "mails": 3, "dry_run": True}
    assert set(in_quarantine().values()) == {"quarantined"}
    assert undo(domain="example.com").json() == {"addresses": 3, "mails": 3, "dry_run": False}
    assert set(in_quarantine().values()) == {"valid"}
