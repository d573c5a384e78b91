"""A workflow that moves while its drawing is looked at: its commands, its log, its failures, who else is there."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from installation.models import Process
from installation.processes import register_process
from operations.models import Workflow
from operations.services import run_now
from operations.workflow.pump import pump_once
from tests.browser.canvas_page import (
    PASSWORD,
    activity,
    arrow,
    box_of,
    make_drawing,
    node,
    open_canvas,
    press_on,
    three_in_a_row,
)
from tests.deliveries.factories import EVERYONE
from tests.factories import make_recipients

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(autouse=True)
def marketers(transactional_db: None) -> None:
    get_user_model().objects.create_superuser("marketer", password=PASSWORD, first_name="Claire")
    get_user_model().objects.create_superuser("idriss", password=PASSWORD, first_name="Idriss")


def test_the_commands_of_the_bar_move_the_workflow_and_the_bar_follows(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    make_recipients(3)
    workflow = make_drawing(
        activity("scheduler", "scheduler", schedule={"crontab": "0 9 * * *"}),
        activity("query", "query", 290, filter=EVERYONE),
        activity("end", "end", 540),
        arrows=[arrow("scheduler", "query"), arrow("query", "end")],
        now=now,
    )
    page = open_canvas(browser, live_server.url, workflow)
    state = page.locator(".wf-head .badge")

    command(page, "start").click()
    expect(state).to_have_text("Started")
    expect(node(page, "scheduler").locator(".st")).to_contain_text("next:")
    command(page, "run_now").click()
    answer_dialog(page)
    expect(page.locator(".canvas-run")).to_contain_text("Run")
    pump()
    refresh(page)
    expect(page.locator(".transition.done .tag text").last).to_have_text("3")
    command(page, "pause").click()
    expect(state).to_have_text("Paused")
    command(page, "pause").click(force=True)
    expect(page.locator(".canvas-why")).not_to_be_empty()
    command(page, "resume").click()
    expect(state).to_have_text("Started")
    command(page, "stop").click()
    expect(page.locator("dialog.veil")).to_be_visible()
    answer_dialog(page)
    expect(state).to_have_text(re.compile("Stopped|Finished"))
    page.context.close()


def test_a_failure_is_read_in_the_log_and_the_run_goes_on_from_there(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    make_recipients(3)
    steps = [activity("start", "start"), activity("dedupe", "deduplication", 290), activity("end", "end", 540)]
    workflow = make_drawing(*steps, arrows=[arrow("start", "dedupe"), arrow("dedupe", "end")], now=now)
    run_now(workflow, now=now)
    pump()
    page = open_canvas(browser, live_server.url, workflow)
    expect(node(page, "dedupe")).to_have_class(re.compile(r"\bbad\b"))

    log = page.locator("#canvas-log")
    log.get_by_role("tab", name="Errors").click()
    expect(log.locator("tbody tr")).to_have_count(1)
    expect(log.locator("tbody tr")).to_contain_text("No people come in")
    log.get_by_role("button", name="Dedupe").click()
    page.locator('[data-tab="result"]').click()
    expect(page.locator("#canvas-panel .note.bad")).to_contain_text("No people come in")
    page.locator("#canvas-panel").get_by_role("button", name="Log").click()
    expect(log.locator(".chip")).to_contain_text("Dedupe")
    expect(log.locator("tbody tr").first).to_contain_text("Dedupe")
    press_on(page, "start")
    expect(log.locator(".chip")).to_contain_text("Start")
    press_on(page, "dedupe")
    with page.expect_response("**/restart/") as answered:
        page.get_by_role("button", name="Restart from here").click()
    assert answered.value.status == 200
    # Its worker works within the request here: it has failed once more.
    expect(node(page, "dedupe")).to_have_attribute("aria-label", re.compile("try 2"))
    page.context.close()


def test_the_page_says_when_nothing_can_move_and_when_the_server_is_gone(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    page = open_canvas(browser, live_server.url, three_in_a_row(now))
    banners = page.locator("#canvas-banners")
    expect(banners).to_contain_text("The engine is not running")
    expect(banners).to_contain_text("./diffusion worker")
    paper, banner = box_of(page.locator("#canvas-paper")), box_of(banners)
    assert banner["y"] + banner["height"] <= paper["y"]

    register_process(kind=Process.Kind.WORKER, name="worker", now=timezone.now())
    refresh(page)
    expect(banners).not_to_contain_text("The engine is not running")
    page.route("**/canvas/state/**", lambda route: route.abort())
    for _time in range(2):
        refresh(page)
        page.wait_for_timeout(300)
    expect(banners).to_contain_text("Connection lost")
    page.unroute("**/canvas/state/**")
    refresh(page)
    expect(banners).not_to_contain_text("Connection lost")
    page.context.close()


def test_of_two_who_edit_one_reads_until_they_take_over_and_the_other_is_told(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    workflow = three_in_a_row(now)
    mine = open_editing(browser, live_server, workflow, "marketer")
    theirs = open_editing(browser, live_server, workflow, "idriss")
    refresh(theirs)

    expect(theirs.locator("#canvas-banners")).to_contain_text("Claire is editing this drawing")
    expect(theirs.get_by_role("button", name="Save", exact=True)).to_be_hidden()
    expect(theirs.locator('.pal-type[data-type="query"]')).to_have_attribute("aria-disabled", "true")
    press_on(theirs, "query")
    expect(theirs.get_by_label("Label in the drawing")).to_be_disabled()
    theirs.get_by_role("button", name="Take over").click()
    expect(theirs.get_by_role("button", name="Save", exact=True)).to_be_visible()
    expect(theirs.get_by_label("Label in the drawing")).to_be_enabled()

    refresh(mine)
    expect(mine.locator("#canvas-banners")).to_contain_text("Idriss has taken over")
    node(mine, "query").focus()
    mine.keyboard.press("Delete")
    expect(mine.locator(".nd")).to_have_count(3)
    theirs.get_by_label("Label in the drawing").fill("Theirs")
    with theirs.expect_response("**/definition/"):
        theirs.get_by_role("button", name="Save", exact=True).click()
    refresh(mine)
    expect(node(mine, "query").locator(".nm")).to_have_text("Theirs")
    mine.context.close()
    theirs.context.close()


def test_people_are_paged_and_lead_to_a_file_and_a_page(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    make_recipients(120)
    workflow = three_in_a_row(now)
    run_now(workflow, now=now)
    pump()
    page = open_canvas(browser, live_server.url, workflow)

    page.locator('.transition[data-key*="query"][data-key*="end"] .tag').click()
    people = page.locator("dialog.veil")
    expect(people.locator("tbody tr")).to_have_count(100)
    people.get_by_role("button", name="Show more").click()
    expect(people.locator("tbody tr")).to_have_count(120)
    expect(people.get_by_role("button", name="Show more")).to_be_hidden()
    with page.expect_download() as download:
        people.get_by_role("link", name="Download CSV").click()
    assert len(download.value.path().read_text().splitlines()) == 121
    people.get_by_role("link", name="Full page").click()
    expect(page.locator("main")).to_contain_text("120")
    page.context.close()


def open_editing(browser: Browser, live_server: LiveServer, workflow: Workflow, user: str) -> Page:
    """The page with its heartbeat; only its farewell is kept from a server that may be gone."""
    page = open_canvas(browser, live_server.url, workflow, user=user)
    page.unroute("**/canvas/editing/")

    def keep(route: Route) -> None:
        if '"active":false' in (route.request.post_data or ""):
            route.fulfill(json={})
        else:
            route.continue_()

    page.route("**/canvas/editing/", keep)
    with page.expect_response("**/canvas/editing/"):
        page.reload()
    page.wait_for_selector("body.canvas-ready")
    return page


def refresh(page: Page) -> None:
    """As when one comes back to the tab: the state is asked at once."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def command(page: Page, name: str) -> Locator:
    return page.locator(f'[data-action="{name}"]')


def answer_dialog(page: Page) -> None:
    page.locator("dialog.veil button[type=submit]").click()


def pump() -> None:
    while pump_once(timezone.now()):
        pass
