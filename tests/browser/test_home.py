"""The home page in a real browser: it fits, it moves by itself, and a press on pause pauses."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from deliveries.models import Delivery, DeliveryState
from tests.browser.session import listen, open_page
from tests.campaign_site.home.factories import finished, make_row, sending

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.fixture
def chief() -> User:
    return User.objects.create_superuser("chief")


@pytest.fixture
def present() -> datetime:
    now = timezone.now()
    sending(now, "Foire aux vins – ouverture")
    for days in range(40):
        finished(now - timedelta(days=days), f"Anniversaire clients – {days}")
    make_row(DeliveryState.READY, "Relance du samedi soir aux absents", contact_date=now, targeted=41_250)
    return now


@pytest.mark.parametrize(("width", "language", "scheme"), [(1440, "en", "light"), (390, "fr", "dark")])
def test_it_fits_and_nothing_is_refused(
    browser: Browser, live_server: LiveServer, chief: User, present: datetime, width: int, language: str, scheme: str
) -> None:
    viewport = {"width": width, "height": 900}
    page = open_page(browser, live_server.url, chief, viewport=viewport, locale=language, color_scheme=scheme)
    heard = listen(page)

    page.goto(f"{live_server.url}/admin/")

    assert page.evaluate("document.documentElement.scrollWidth") == width
    expect(page.locator(".strip")).to_be_visible(visible=width > 390)
    expect(page.locator(".agenda")).to_be_visible(visible=width == 390)
    assert heard == []
    page.context.close()


def test_pills_of_the_strip_do_not_cover_each_other(
    browser: Browser, live_server: LiveServer, chief: User, present: datetime
) -> None:
    for minutes in range(0, 300, 25):
        finished(present - timedelta(minutes=minutes), f"Un libellé assez long pour une pastille {minutes}")
    page = open_page(browser, live_server.url, chief, viewport={"width": 1270, "height": 900})
    page.goto(f"{live_server.url}/admin/")

    boxes = [pill.bounding_box() for pill in page.locator(".day .ev > rect:not(.ext)").all()]
    found = [(box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]) for box in boxes if box]

    overlaps = [
        (first, second)
        for place, first in enumerate(found)
        for second in found[place + 1 :]
        if first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]
    ]
    assert found and overlaps == []
    page.context.close()


def test_figures_move_by_themselves_and_pause_pauses(
    browser: Browser, live_server: LiveServer, chief: User, present: datetime
) -> None:
    page = open_page(browser, live_server.url, chief)
    page.goto(f"{live_server.url}/admin/")
    card = page.locator("#in-progress")
    expect(card).to_contain_text("398 of 1,000")

    Delivery.objects.filter(state=DeliveryState.IN_PROGRESS).update(sent=788, pending=200)

    expect(card).to_contain_text("798 of 1,000", timeout=10_000)
    card.get_by_role("button", name="Pause").click()
    page.wait_for_selector(".messagelist, .toast")
    assert Delivery.objects.get(label__startswith="Foire").state in (DeliveryState.PAUSING, DeliveryState.PAUSED)
    page.context.close()
