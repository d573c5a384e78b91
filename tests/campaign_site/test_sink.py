"""The demo's mail sink: its server, what it keeps, and its pages."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Permission, User
from django.test import Client

from campaign_site.sink import store as store_module
from campaign_site.sink.letter import framed, read_letter
from campaign_site.sink.store import SinkStore
from tests.smtp_server import HOST, free_port, wait_for_port

INSTANT = datetime(2025, 10, 6, 4, 0, tzinfo=UTC)
HTML = '<!doctype html><html><head><title>x</title></head><body><a href="https://example.com/a">Été</a></body></html>'


def letter(number: int = 1, html: str = HTML) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = f"Bon anniversaire {number} à José"
    mail["Message-ID"] = f"<{number}@example.com>"
    mail["To"] = f"person{number}@example.org"
    mail.set_content(f"Bonjour {number}")
    mail.add_alternative(html, subtype="html")
    mail.set_boundary("=-boundary-=")
    return mail.as_bytes().replace(b"\n", b"\r\n")


def fill(store: SinkStore, numbers: range) -> None:
    for number in numbers:
        store.add(
            sender="bounce@example.com",
            recipients=[f"person{number}@example.org"],
            content=letter(number),
            now=INSTANT,
        )
    store.flush()


@pytest.fixture
def store(tmp_path: Path) -> SinkStore:
    made = SinkStore(tmp_path / "sink")
    made.prepare()
    return made


def test_every_mail_is_counted_and_read_back_as_it_came(store: SinkStore) -> None:
    fill(store, range(1, 4))

    again = SinkStore(store.folder)
    assert (again.count(), again.distinct_message_ids()) == (3, 3)
    newest = again.page()[0]
    assert (newest.subject, newest.message_id) == ("Bon anniversaire 3 à José", "<3@example.com>")
    assert (newest.sender, newest.recipient, newest.received_at) == (
        "bounce@example.com",
        "person3@example.org",
        INSTANT,
    )
    assert newest.size == len(letter(3))
    assert [again.raw(number) for number in (1, 2, 3)] == [letter(number) for number in (1, 2, 3)]


def test_a_mail_received_twice_shows_in_the_distinct_count(store: SinkStore) -> None:
    fill(store, range(1, 4))
    fill(store, range(3, 4))

    assert (store.count(), store.distinct_message_ids()) == (4, 3)


def test_pages_go_from_the_newest_to_the_oldest(store: SinkStore) -> None:
    fill(store, range(1, 8))

    first = store.page(limit=3)
    second = store.page(after=first[-1].id, limit=3)

    assert [mail.id for mail in first + second] == [7, 6, 5, 4, 3, 2]


@pytest.mark.parametrize(("search", "found"), [("PERSON2@", [2]), ("example.org", [3, 2, 1]), ("%", []), ("_", [])])
def test_a_search_looks_for_the_words_in_the_recipient(store: SinkStore, search: str, found: list[int]) -> None:
    fill(store, range(1, 4))

    assert [mail.id for mail in store.page(search=search)] == found


def test_old_bodies_go_and_their_rows_stay(store: SinkStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "BODIES_KEPT", 20)
    monkeypatch.setattr(store_module, "BODIES_PER_SEGMENT", 5)

    fill(store, range(1, 62))

    assert store.count() == 61
    assert store.raw(35) is None
    assert [store.raw(number) for number in range(42, 62)] == [letter(number) for number in range(42, 62)]
    assert len(list(store.folder.glob("bodies-*"))) <= 5
    assert store.get(35) is not None


def test_a_cleared_sink_is_empty_and_never_uses_a_number_twice(store: SinkStore) -> None:
    fill(store, range(1, 4))
    store.clear()

    assert (store.count(), store.page(), store.raw(1)) == (0, [], None)

    fill(store, range(4, 6))
    assert [mail.id for mail in store.page()] == [5, 4]
    assert store.raw(4) == letter(4)


def test_a_mail_without_headers_is_kept_too(store: SinkStore) -> None:
    store.add(sender="", recipients=[], content=b"\xff\x00 no header", now=INSTANT)
    store.flush()

    assert store.raw(1) == b"\xff\x00 no header"
    assert store.page()[0].subject == ""


def test_a_sink_that_never_ran_is_empty(tmp_path: Path) -> None:
    absent = SinkStore(tmp_path / "nowhere")

    assert (absent.exists(), absent.count(), absent.page(), absent.raw(1), absent.get(1)) == (False, 0, [], None, None)


# The server

PROGRAM = "import sys, pathlib; from campaign_site.sink.server import run_sink; "
PROGRAM += "run_sink('127.0.0.1', int(sys.argv[1]), pathlib.Path(sys.argv[2]))"


@contextmanager
def running_sink(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(port), str(folder)], env=environment)
    try:
        wait_for_port(port, process)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_the_server_keeps_what_it_took_when_it_is_stopped_and_started_again(tmp_path: Path) -> None:
    port, store = free_port(), SinkStore(tmp_path)
    for number in (1, 2):
        with running_sink(tmp_path, port), smtplib.SMTP(HOST, port) as client:
            client.sendmail("bounce@example.com", [f"person{number}@example.org"], letter(number))

    assert store.count() == 2
    assert [store.raw(number) for number in (1, 2)] == [letter(1), letter(2)]


def test_a_mail_is_to_be_seen_within_a_second(tmp_path: Path) -> None:
    port, store = free_port(), SinkStore(tmp_path)
    with running_sink(tmp_path, port), smtplib.SMTP(HOST, port) as client:
        client.sendmail("bounce@example.com", ["person@example.org"], letter())
        deadline = time.monotonic() + 2
        while not store.count() and time.monotonic() < deadline:
            time.sleep(0.05)

        assert store.count() == 1


def test_commands_sent_together_are_answered_in_order(tmp_path: Path) -> None:
    port, store = free_port(), SinkStore(tmp_path)
    envelope = b"MAIL FROM:<b@example.com>\r\nRCPT TO:<person@example.org>\r\nDATA\r\n"
    mail = b"Subject: together\r\n\r\n..dot\r\n.\r\n"
    with running_sink(tmp_path, port), socket.create_connection((HOST, port), timeout=5) as connection:
        replies = connection.makefile("rb")
        connection.sendall(b"EHLO test\r\n" + envelope + (mail + envelope) * 50 + mail + b"QUIT\r\n")
        lines = [line.decode() for line in replies]

    extensions = [line for line in lines if line.startswith("250-")]
    assert "250-PIPELINING\r\n" in extensions
    codes = [line[:3] for line in lines if line[3] == " "]
    assert codes == ["220", "250", "250", "250", "354", *["250", "250", "250", "354"] * 50, "250", "221"]
    assert store.count() == 51
    assert store.raw(51) == b"Subject: together\r\n\r\n.dot\r\n"


# The pages


@pytest.fixture
def staff(db: None) -> Client:
    user = User.objects.create_user("operator", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_broadlog"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def filled(settings: LazySettings, tmp_path: Path) -> SinkStore:
    settings.VAR_DIR = tmp_path
    made = SinkStore(tmp_path / "sink")
    made.prepare()
    fill(made, range(1, 54))
    return made


def test_the_list_shows_the_newest_mails_and_leads_to_the_older_ones(staff: Client, filled: SinkStore) -> None:
    first = staff.get("/admin/sink/").content.decode()
    older = staff.get("/admin/sink/?after=4").content.decode()

    assert "53 mails" in first
    assert "person53@example.org" in first
    assert "?after=4" in first
    assert "person3@example.org" not in first
    assert "person3@example.org" in older


def test_the_list_can_be_searched(staff: Client, filled: SinkStore) -> None:
    page = staff.get("/admin/sink/?search=person7@").content.decode()

    assert "person7@example.org" in page
    assert "person8@example.org" not in page


def test_a_mail_shows_its_parts_its_headers_and_its_links(staff: Client, filled: SinkStore) -> None:
    html, text, source = (
        staff.get(f"/admin/sink/7/?show={tab}").content.decode() for tab in ("html", "text", "source")
    )

    assert '<iframe class="sink-body" src="/admin/sink/7/body/" sandbox="allow-popups"' in html
    assert "&lt;7@example.com&gt;" in html
    assert '<a href="https://example.com/a" target="_blank" rel="noopener noreferrer">Été</a>' in html
    assert "Bonjour 7" in text
    assert "Content-Type: multipart/alternative" in source


def test_the_body_is_served_where_nothing_can_run(staff: Client, filled: SinkStore) -> None:
    answer = staff.get("/admin/sink/7/body/")

    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data:; sandbox allow-popups; "
        "frame-ancestors 'self'"
    )
    assert '<head><base target="_blank">' in answer.content.decode()


def test_a_hostile_mail_is_shown_as_text(staff: Client, filled: SinkStore) -> None:
    hostile = b"Subject: <script>alert(1)</script>\r\nX-Odd: =?nope?q?x?=\r\n\r\n<script>alert(2)</script>\r\n"
    filled.add(sender="<script>", recipients=['"><script>@x'], content=hostile, now=INSTANT)
    filled.flush()

    pages = [
        staff.get(url).content.decode() for url in ("/admin/sink/", "/admin/sink/54/", "/admin/sink/54/?show=source")
    ]

    assert not any("<script>alert" in page or '"><script>' in page for page in pages)


def test_a_link_that_is_no_web_address_is_not_offered() -> None:
    found = read_letter(letter(html='<a href="javascript:alert(1)">x</a><a href=" https://example.com/b ">y</a>'))

    assert [link.url for link in found.links] == ["https://example.com/b"]


def test_html_without_a_head_still_opens_its_links_elsewhere() -> None:
    assert framed("<p>x</p>") == '<base target="_blank"><p>x</p>'


@pytest.mark.parametrize("url", ["/admin/sink/", "/admin/sink/7/", "/admin/sink/7/body/"])
def test_only_staff_who_may_see_broadlogs_come_in(filled: SinkStore, db: None, url: str) -> None:
    client = Client()
    assert client.get(url).status_code == 302

    client.force_login(User.objects.create_user("newcomer", is_staff=True))
    assert client.get(url).status_code == 403


@pytest.mark.parametrize("url", ["/admin/sink/999/", "/admin/sink/999/body/"])
def test_a_mail_that_is_not_there_is_not_found(staff: Client, filled: SinkStore, url: str) -> None:
    assert staff.get(url).status_code == 404


def test_without_a_sink_the_page_says_how_to_start_one(staff: Client, settings: LazySettings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path

    assert "./diffusion demo" in staff.get("/admin/sink/").content.decode()
