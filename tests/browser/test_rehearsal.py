"""Rehearsals in a browser: asked for and shown on the drawing, followed on their own page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from operations.models import Rehearsal, Workflow
from operations.rehearsal.request import request_rehearsal
from operations.rehearsal.work import waiting_rehearsals, work_on
from tests.browser.canvas_page import PASSWORD, activity, arrow, make_drawing, node, open_canvas, press_on
from tests.deliveries.factories import EVERYONE, make_template
from tests.factories import make_recipient, make_recipients

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(autouse=True)
def marketer(transactional_db: None) -> None:
    get_user_model().objects.create_superuser("marketer", password=PASSWORD)


def every_morning(now: datetime) -> Workflow:
    return make_drawing(
        activity("tick", "scheduler", 40, schedule={"crontab": "0 6 * * *"}),
        activity("query", "query", 290, filter=EVERYONE),
        activity("mail", "recurring_delivery", 540, template=make_template().pk),
        arrows=[arrow("tick", "query"), arrow("query", "mail")],
        now=now,
    )


def work() -> None:
    """As a worker would."""
    for number in waiting_rehearsals(now=datetime.now(UTC)):
        work_on(number, now=datetime.now(UTC))


def test_a_coming_run_is_shown_on_the_drawing_and_left_again(
    browser: Browser, live_server: LiveServer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody hears that there is something to do.
    monkeypatch.setattr("operations.api.workflows.ring", lambda task, **values: None)
    make_recipients(3)
    make_recipient(9, denylist_email=True)
    workflow = every_morning(now)
    page = open_canvas(browser, live_server.url, workflow)

    page.locator('[data-action="rehearse"]').click()
    panel = page.get_by_role("region", name="Rehearsal")
    expect(panel).to_contain_text("No rehearsal yet.")
    panel.get_by_label("Weeks to rehearse").fill("1")
    with page.expect_response("**/rehearse/"):
        panel.get_by_role("button", name="Rehearse", exact=True).click()
    expect(panel).to_contain_text("At work.")
    expect(panel).to_contain_text("The engine is not running")
    work()

    expect(panel.locator("tbody tr")).to_have_count(7)
    expect(panel).to_contain_text("dropped: 1 denylisted address")
    panel.locator("tbody .link").first.click()
    expect(page.locator("#canvas-banners")).to_contain_text("Rehearsal: nothing is sent")
    expect(page.locator(".transition .tag").last).to_have_text("4")
    expect(node(page, "mail")).to_have_attribute(
        "aria-label", "Recurring delivery, Mail, finished · 3 to deliver, 3 people"
    )

    page.keyboard.press("Escape")
    expect(page.locator(".transition .tag")).to_have_count(0)
    expect(page.locator("#canvas-banners")).not_to_contain_text("Rehearsal: nothing is sent")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert Rehearsal.objects.get().requested_by.get_username() == "marketer"  # type: ignore[union-attr]
    page.context.close()


def test_what_is_not_saved_is_said_not_to_be_rehearsed(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    page = open_canvas(browser, live_server.url, every_morning(now))
    page.locator('[data-action="rehearse"]').click()
    panel = page.get_by_role("region", name="Rehearsal")
    expect(panel).not_to_contain_text("unsaved")

    press_on(page, "query")
    page.get_by_label("Label in the drawing").fill("Everybody")

    expect(panel).to_contain_text("The drawing has unsaved changes")
    expect(panel).to_contain_text("The saved version is rehearsed, without them.")
    page.context.close()


def test_the_tab_shows_the_result_when_it_is_there(browser: Browser, live_server: LiveServer, now: datetime) -> None:
    make_recipients(2)
    workflow = every_morning(now)
    page = open_canvas(browser, live_server.url, workflow, width=390, locale="fr")
    request_rehearsal(workflow=workflow, weeks=1, now=now)
    page.goto(f"{live_server.url}/admin/operations/workflow/{workflow.pk}/rehearsal/")
    result = page.locator("#rehearsal-result")
    expect(result.locator(".rehearsal-progress")).to_be_visible()

    work()

    expect(result.locator(".rehearsal-runs tbody tr")).to_have_count(7)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    result.locator(".rehearsal-head a.button").first.click()
    page.wait_for_selector("body.canvas-ready")
    expect(page.locator(".rehearsal-panel tbody tr")).to_have_count(7)
    page.context.close()
