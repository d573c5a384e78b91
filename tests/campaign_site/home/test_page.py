"""The home page as somebody sees it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaign_site.home import cards
from deliveries.models import Delivery, DeliveryState
from operations.models import Operation, Program
from recipients.models import Recipient
from tests.campaign_site.home.factories import all_alive, finished, make_row, sending
from tests.factories import make_recipients

pytestmark = pytest.mark.django_db
MOST_QUERIES = 25


@pytest.fixture
def present() -> datetime:
    """The page looks at the clock itself."""
    return timezone.now()


def home(client: Client, **query: Any) -> str:
    page = client.get(reverse("admin:index"), query)
    assert page.status_code == 200
    return page.content.decode()


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def section(html: str, name: str) -> str:
    found = re.search(rf'<section[^>]*aria-labelledby="{name}-title".*?</section>', html, re.S)
    return words(found[0]) if found else ""


def reader(client: Client, *permissions: str) -> User:
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return user


def test_it_is_the_index_of_the_admin_and_says_the_day_in_one_sentence(admin_client: Client, present: datetime) -> None:
    all_alive(present)
    sending(present)

    html = home(admin_client)

    assert reverse("admin:index") == "/admin/"
    assert "0 runs done today, 1 delivery in progress, 1 thing needs you" in words(html)


def test_a_delivery_under_way_shows_how_far_how_fast_and_until_when(admin_client: Client, present: datetime) -> None:
    delivery = sending(present)

    html = home(admin_client)
    card = section(html, "in-progress")

    assert "398 of 1,000 10 failed 2 in doubt" in card
    assert "100/min · ends about" in card
    assert reverse("admin:deliveries_delivery_action", args=[delivery.pk, "pause"]) in html


def test_deliveries_under_way_are_in_order_of_their_end_the_last_first(admin_client: Client, present: datetime) -> None:
    for place in range(6):
        sending(present, f"Fair {place}", pending=100 * (place + 1))

    card = section(home(admin_client), "in-progress")

    assert [*dict.fromkeys(re.findall(r"Fair \d", card))] == [f"Fair {place}" for place in (5, 4, 3, 2, 1)]
    assert "1 more" in card


def test_what_waits_for_its_date_is_neither_under_way_nor_in_need_of_somebody(
    admin_client: Client, present: datetime
) -> None:
    all_alive(present)
    make_row(DeliveryState.START_PENDING, contact_date=present + timedelta(hours=3), targeted=5, pending=5)

    html = home(admin_client)

    assert "No delivery is under way." in html
    assert "Nothing waits for you." in html


def test_what_ended_since_yesterday_has_its_account(admin_client: Client, present: datetime) -> None:
    finished(present - timedelta(minutes=1), "New")
    finished(present - timedelta(days=3), "Old")

    card = section(home(admin_client), "finished")

    assert re.search(r"New .*900 99\.0% 33\.3%", card)
    assert "Old" not in card


def test_another_day_is_one_link_away_and_keeps_the_program(admin_client: Client, present: datetime) -> None:
    program = Program.objects.create(label="Loyalty")
    day = timezone.localtime(present).date() - timedelta(days=7)
    operation = Operation.objects.create(label="Ours", program=program)
    begun = timezone.make_aware(datetime(day.year, day.month, day.day, 10))
    finished(begun, "Ours", operation=operation)
    finished(begun, "Theirs")

    html = home(admin_client, day=day.isoformat(), program=program.pk)

    assert f'href="?day={day - timedelta(days=7)}&amp;program={program.pk}"' in html
    assert "10:00, Ours, Finished" in html
    assert "Theirs" not in html


@pytest.mark.parametrize("day", ["yesterday", "2026-13-40", "0001-01-01", "9999-12-31"])
def test_a_day_that_is_none_is_today(admin_client: Client, day: str) -> None:
    assert ">Today</h2>" in home(admin_client, day=day)


def test_the_strip_has_what_the_day_holds_and_the_agenda_says_the_same(admin_client: Client, present: datetime) -> None:
    finished(present, "Wine fair")

    html = home(admin_client)
    strip = re.search(r'<div class="strip">.*?</div>', html, re.S)
    agenda = re.search(r'<ul class="agenda">.*?</ul>', html, re.S)

    assert strip and agenda
    assert 'class="ev t-ok"' in strip[0]
    assert "Wine fair Finished" in words(agenda[0])


def test_somebody_sees_the_figures_that_they_may_see_and_no_empty_card(client: Client, present: datetime) -> None:
    Operation.objects.create(label="Ours")
    sending(present)
    reader(client, "view_recipient")

    html = home(client)

    assert [name for name in ("in-progress", "finished", "today", "messages") if section(html, name)] == []
    assert "Wine fair" not in html
    assert "New operation" not in html
    assert "Nothing waits for you." in html


def test_somebody_who_may_only_look_has_no_button_to_pause(client: Client, present: datetime) -> None:
    sending(present)
    reader(client, "view_delivery")

    html = home(client)

    assert "Wine fair" in html
    assert "/do/" not in html


def test_a_new_installation_is_led_through_three_steps(admin_client: Client) -> None:
    steps = section(home(admin_client), "steps")

    assert steps.index("Import recipients") < steps.index("sending account") < steps.index("birthday operation")
    make_recipients(1)
    assert Recipient.objects.exists() and "Done" not in steps
    Operation.objects.create(label="Birthdays")
    assert section(home(admin_client), "steps") == ""


def test_a_card_that_fails_says_so_alone_and_the_log_says_why(
    admin_client: Client, present: datetime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(view: Any) -> None:
        raise ZeroDivisionError("no such figure")

    monkeypatch.setitem(cards.CARDS, "indicators", cards.Card("Last 30 days", broken))
    sending(present)

    html = home(admin_client)

    assert html.count("This could not be computed.") == 1
    assert "Wine fair" in section(html, "in-progress")
    assert "no such figure" in caplog.text


def test_the_live_part_has_the_regions_of_the_page(admin_client: Client, present: datetime) -> None:
    sending(present)

    part = admin_client.get(reverse("home-live")).content.decode()

    assert re.findall(r'id="(sentence|in-progress|needs-you)"', part) == ["sentence", "in-progress", "needs-you"]
    assert " data-moving" in part
    assert "<html" not in part


@pytest.mark.parametrize("number", [2, 40])
def test_it_costs_few_queries_whatever_the_rows(admin_client: Client, present: datetime, number: int) -> None:
    program = Program.objects.create(label="Loyalty")
    operation = Operation.objects.create(label="Ours", program=program)
    for place in range(number):
        sending(present, f"Fair {place}", operation=operation)
        finished(present - timedelta(days=place), f"Old {place}", in_doubt=1)
        due = present - timedelta(minutes=5)
        make_row(DeliveryState.START_PENDING, contact_date=due, confirmed_at=due, operation=operation)
    home(admin_client)

    with CaptureQueriesContext(connection) as queries:
        home(admin_client)

    assert len(queries) <= MOST_QUERIES, "\n".join(query["sql"][:150] for query in queries)
    assert Delivery.objects.count() == 3 * number


def test_the_list_of_all_tables_is_reached_from_the_administration(admin_client: Client) -> None:
    page = admin_client.get(reverse("section", args=["administration"])).content.decode()

    assert f'href="{reverse("admin:recipients_recipient_changelist")}"' in page
