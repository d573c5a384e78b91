"""The page of a delivery in a real browser: what is asked before a stop, figures that move by themselves, every tab at
both widths."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from deliveries.models import Delivery, MessageStatus
from tests.browser.test_pages import PASSWORD, _log_in
from tests.deliveries.factories import make_activity, run_once
from tests.deliveries.rows import doubt, record, rows_of
from tests.factories import make_recipients

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
TABS = ["change", "content", "logs", "tracking", "audit", "properties"]


@pytest.fixture
def now() -> datetime:
    return timezone.now() - timedelta(minutes=1)


@pytest.fixture
def occurrence(now: datetime) -> Delivery:
    """In progress: one sent, one in doubt, the others pending."""
    get_user_model().objects.create_superuser("marketer", password=PASSWORD)
    delivery = run_once(make_activity("recurring_delivery"), make_recipients(5), now=now)
    Delivery.objects.filter(pk=delivery.pk).update(state=55, started_at=now)
    record(rows_of(delivery)[:1], MessageStatus.SENT, now)
    doubt(rows_of(delivery)[1], now)
    return delivery


def open_tab(page: Page, address: str, delivery: Delivery, tab: str = "change") -> None:
    page.goto(f"{address}/admin/deliveries/delivery/{delivery.pk}/{tab}/")


@pytest.mark.parametrize(("width", "language"), [(1440, "en"), (390, "fr")])
def test_every_tab_fits_and_obeys_the_content_policy(
    browser: Browser, live_server: LiveServer, occurrence: Delivery, width: int, language: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, locale=language)
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
    _log_in(page, live_server.url)

    too_wide = {}
    for tab in TABS:
        open_tab(page, live_server.url, occurrence, tab)
        found = page.evaluate("document.documentElement.scrollWidth")
        if found > width:
            too_wide[tab] = found

    assert (refused, too_wide) == ([], {})
    page.close()


def test_stopping_asks_which_with_the_focus_on_the_safe_way_and_repeats_the_choice(
    browser: Browser, live_server: LiveServer, occurrence: Delivery
) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en")
    _log_in(page, live_server.url)
    open_tab(page, live_server.url, occurrence)

    page.get_by_role("link", name="Stop…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Keep sending")).to_be_focused()
    expect(dialog.get_by_role("button", name="Stop this occurrence")).to_be_visible()
    dialog.get_by_text("The whole series").click()
    dialog.get_by_role("button", name="Stop the series").click()

    expect(page.get_by_text("The series is stopped")).to_be_visible()
    occurrence.refresh_from_db()
    assert occurrence.get_state_display() == "Stopped"
    page.close()


def test_the_gauge_and_the_account_follow_by_themselves(
    browser: Browser, live_server: LiveServer, occurrence: Delivery, now: datetime
) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en")
    _log_in(page, live_server.url)
    open_tab(page, live_server.url, occurrence)
    sent = page.locator("[data-status=sent] .b")
    expect(sent).to_have_text("1")

    record(rows_of(occurrence)[2:], MessageStatus.SENT, now)

    expect(sent).to_have_text("4", timeout=10_000)
    expect(page.locator("#delivery-head")).to_contain_text("updated")
    page.close()


def test_a_message_in_doubt_is_settled_in_the_log(
    browser: Browser, live_server: LiveServer, occurrence: Delivery
) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en")
    _log_in(page, live_server.url)
    open_tab(page, live_server.url, occurrence, "logs")

    page.get_by_role("button", name="Assume sent").click()

    expect(page.get_by_text("1 message is assumed sent.")).to_be_visible()
    occurrence.refresh_from_db()
    assert (occurrence.in_doubt, occurrence.sent) == (0, 2)
    page.close()
