"""The main pages in a real browser: no refused script or style, no sideways scrolling, in both languages."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from deliveries.models import Delivery
from deliveries.models.inbound import InboundMail, InboundSource
from operations.models import Operation, Workflow
from tests.browser.session import open_page
from tests.deliveries.factories import make_activity, run_once
from tests.factories import make_recipients

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]
PASSWORD = "correct horse battery staple"


@pytest.fixture
def delivery(now: datetime) -> Delivery:
    """An occurrence of a recurring series, prepared and waiting."""
    get_user_model().objects.create_superuser("marketer", password=PASSWORD)
    return run_once(make_activity("recurring_delivery"), make_recipients(5), now=now)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_main_page_fits_and_obeys_the_content_policy(
    browser: Browser, live_server: LiveServer, delivery: Delivery, width: int, language: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, locale=language)
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
    _log_in(page, live_server.url)

    too_wide = {}
    for path in _pages(delivery):
        answer = page.goto(live_server.url + path)
        assert answer is not None and answer.status == 200, path
        found = page.evaluate("document.documentElement.scrollWidth")
        if found > width:
            too_wide[path] = found

    assert (refused, too_wide) == ([], {})
    page.close()


def test_a_list_broader_than_its_place_scrolls_and_covers_no_filter(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    user = get_user_model().objects.create_superuser("marketer", password=PASSWORD)
    _make_long_mail(now)
    page = open_page(browser, live_server.url, user)
    page.goto(f"{live_server.url}/admin/deliveries/inboundmail/")
    results, filters = page.locator(".results"), page.locator("#changelist-filter")

    expect(results).to_have_class("results wide")
    assert _box(results)["x"] + _box(results)["width"] <= _box(filters)["x"]
    assert results.evaluate("list => [list.scrollLeft = 1000, list.scrollLeft > 0][1]")
    page.goto(f"{live_server.url}/admin/deliveries/receivergroup/")
    expect(results).to_have_class("results")


def _make_long_mail(now: datetime) -> None:
    source = InboundSource.objects.create(label="Bounces of the newsletter and of the birthdays", kind="webhook")
    InboundMail.objects.create(
        key="1",
        source=source,
        received_at=now,
        kind="bounce",
        outcome="no_token",
        address="somebody@a-company-with-a-rather-long-name.example",
        status="5.1.1",
        detail="550 5.1.1 The account that you tried to reach does not exist. Look for typing errors or spaces.",
    )


def _box(locator: Locator) -> FloatRect:
    box = locator.bounding_box()
    assert box is not None
    return box


def test_the_proof_of_an_occurrence_is_refused_on_its_page_with_the_way_to_send_one(
    browser: Browser, live_server: LiveServer, delivery: Delivery
) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en")
    _log_in(page, live_server.url)
    page.goto(f"{live_server.url}/admin/deliveries/delivery/{delivery.pk}/change/")

    button = page.get_by_role("button", name="Send a proof")

    assert button.is_disabled()
    assert "e-mail delivery activity" in page.locator(".page-head").inner_text()
    page.close()


def test_stopping_asks_first_and_then_stops(browser: Browser, live_server: LiveServer, delivery: Delivery) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 900}, locale="en")
    _log_in(page, live_server.url)
    page.goto(f"{live_server.url}/admin/deliveries/delivery/{delivery.pk}/change/")

    page.locator(".page-head [data-action^=stop]").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop this occurrence").click()

    page.wait_for_selector(".messagelist")
    delivery.refresh_from_db()
    assert delivery.get_state_display() == "Stopped"
    page.close()


def _log_in(page: Page, address: str) -> None:
    page.goto(f"{address}/admin/login/?next=/admin/")
    page.fill("#id_username", "marketer")
    page.fill("#id_password", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_selector("#user-tools")


def _pages(delivery: Delivery) -> list[str]:
    operation, workflow = Operation.objects.get(), Workflow.objects.get()
    return [
        "/admin/",
        "/admin/operations/operation/",
        f"/admin/operations/operation/{operation.pk}/change/",
        f"/admin/operations/workflow/{workflow.pk}/change/",
        f"/admin/operations/workflowrun/{delivery.workflow_run_id}/change/",
        "/admin/deliveries/delivery/",
        f"/admin/deliveries/delivery/{delivery.pk}/change/",
        "/admin/deliveries/broadlog/",
        "/admin/deliveries/deliverytemplate/",
        "/admin/recipients/recipient/",
        "/admin/installation/process/",
        "/admin/django_celery_beat/periodictask/",
        "/admin/sink/",
        "/api/v1/docs/",
    ]
