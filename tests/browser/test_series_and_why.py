"""Series, people and the question why, in a real browser: everything fits, and the way is copied as text."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from deliveries.models import Broadlog, MessageStatus
from tests.browser.test_pages import PASSWORD, _log_in
from tests.deliveries.factories import make_activity, run_once
from tests.deliveries.rows import record, rows_of
from tests.factories import make_recipients

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.fixture
def message() -> Broadlog:
    """Sent, of the second occurrence of a series."""
    now: datetime = timezone.now() - timedelta(minutes=1)
    get_user_model().objects.create_superuser("marketer", password=PASSWORD)
    activity, people = make_activity("recurring_delivery"), make_recipients(3)
    run_once(activity, people, now=now - timedelta(days=7))
    row: Broadlog = rows_of(run_once(activity, people, now=now))[0]
    record([row], MessageStatus.SENT, now)
    return row


@pytest.mark.parametrize(("width", "language"), [(1440, "en"), (390, "fr")])
def test_every_page_fits_and_obeys_the_content_policy(
    browser: Browser, live_server: LiveServer, message: Broadlog, width: int, language: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, locale=language)
    refused: list[str] = []
    page.on("console", lambda line: refused.append(line.text) if "Content Security" in line.text else None)
    _log_in(page, live_server.url)
    series, person = message.delivery.series_id, message.recipient_id
    paths = [f"deliveries/deliveryseries/{series}/change/?compare=1,2", f"recipients/recipient/{person}/change/"]
    paths += [f"deliveries/deliveryseries/{series}/next/", f"deliveries/delivery/{message.delivery_id}/why/{person}/"]

    too_wide = {}
    for path in paths:
        page.goto(f"{live_server.url}/admin/{path}")
        found = page.evaluate("document.documentElement.scrollWidth")
        if found > width:
            too_wide[path] = found

    assert (refused, too_wide) == ([], {})


def test_the_way_is_copied_as_text(browser: Browser, live_server: LiveServer, message: Broadlog) -> None:
    page = browser.new_page(locale="en")
    _log_in(page, live_server.url)
    page.goto(f"{live_server.url}/admin/deliveries/delivery/{message.delivery_id}/why/{message.recipient_id}/")

    page.get_by_role("button", name="Copy as text").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
