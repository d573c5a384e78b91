"""The drawing of a workflow that runs, that others edit too, on a narrow screen, in French."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from operations.models import Workflow
from operations.services import run_now
from operations.workflow.pump import pump_once
from tests.browser.canvas_page import (
    PASSWORD,
    delivering,
    drawn,
    make_drawing,
    node,
    open_canvas,
    press_on,
    save,
    three_in_a_row,
)
from tests.factories import make_recipients

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(autouse=True)
def marketers(transactional_db: None) -> None:
    get_user_model().objects.create_superuser("marketer", password=PASSWORD)
    get_user_model().objects.create_superuser("idriss", password=PASSWORD, first_name="Idriss", last_name="Ba")


def test_a_run_shows_its_counts_on_the_drawing_and_the_people_behind_them(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    make_recipients(12)
    workflow = three_in_a_row(now)
    page = open_canvas(browser, live_server.url, workflow)

    _run(workflow, now)
    page.reload()

    line = page.locator('.transition[data-key*="query"][data-key*="end"]')
    expect(line).to_have_class("joint-cell joint-link transition done")
    expect(line.locator(".tag text")).to_have_text("12")
    expect(node(page, "query")).to_have_attribute("aria-label", re.compile("Query, Query, finished.*, 12 people"))
    line.locator(".tag").click()
    people = page.locator("dialog.veil")
    expect(people.locator("tbody tr")).to_have_count(12)
    expect(people.get_by_role("link", name="Download CSV")).to_be_visible()
    page.context.close()


def test_two_who_save_the_same_drawing_never_overwrite_each_other_unasked(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    workflow = three_in_a_row(now)
    mine = open_canvas(browser, live_server.url, workflow)
    theirs = open_canvas(browser, live_server.url, workflow, user="idriss")
    _relabel(theirs, "end", "Theirs")
    save(theirs)
    _relabel(mine, "query", "Mine")

    mine.get_by_role("button", name="Save", exact=True).click()

    question = mine.locator("dialog.veil")
    expect(question.get_by_role("heading")).to_contain_text("Idriss Ba saved a newer version")
    question.get_by_role("button", name="Compare").click()
    compared = mine.locator("#canvas-versions")
    expect(compared.locator(".diff")).to_contain_text("Label: Query → Mine")
    expect(compared.locator(".diff")).to_contain_text("Label: Theirs → End")
    expect(node(mine, "end")).to_have_class(re.compile("mark-changed"))
    mine.get_by_role("button", name="Close the versions").click()
    assert _labels(workflow) == {"start": "Start", "query": "Query", "end": "Theirs"}

    mine.get_by_role("button", name="Save", exact=True).click()
    with mine.expect_response("**/definition/"):
        question.get_by_role("button", name="Save mine over theirs").click()
    expect(mine.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    assert _labels(workflow) == {"start": "Start", "query": "Mine", "end": "End"}
    mine.context.close()
    theirs.context.close()


def test_the_proof_of_a_recurring_delivery_is_seen_to_be_refused(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    page = open_canvas(browser, live_server.url, delivering(now))

    press_on(page, "deliver")

    button = page.get_by_role("button", name="Send a proof")
    expect(button).to_have_attribute("aria-disabled", "true")
    why = page.locator(f"#{button.get_attribute('aria-describedby')}")
    assert len(why.inner_text()) > 20
    page.context.close()


def test_an_error_of_the_settings_stands_at_its_field(browser: Browser, live_server: LiveServer, now: datetime) -> None:
    page = open_canvas(browser, live_server.url, delivering(now))

    press_on(page, "query")
    page.locator('[data-tab="advanced"]').click()
    page.get_by_label("Configuration as text (JSON)").fill('{"filter": null}')
    page.locator('[data-tab="criteria"]').click()

    expect(page.locator('[data-field="filter"] .error')).to_contain_text("A filter is missing")
    expect(node(page, "query").locator(".st")).to_have_text("to be completed")
    page.context.close()


def test_the_name_of_an_activity_is_kept_once_it_has_run(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    make_recipients(2)
    workflow = three_in_a_row(now)
    _run(workflow, now)
    page = open_canvas(browser, live_server.url, workflow)
    page.wait_for_selector(".transition.done")

    press_on(page, "query")
    page.locator('[data-tab="advanced"]').click()

    expect(page.get_by_label("Name", exact=True)).to_have_js_property("readOnly", True)
    expect(page.locator("#canvas-panel")).to_contain_text("It has taken part in runs")
    page.context.close()


def test_an_empty_canvas_offers_drawings_to_begin_with(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    workflow = make_drawing(now=now)
    page = open_canvas(browser, live_server.url, workflow)

    page.get_by_role("button", name="Birthday", exact=True).click()

    expect(page.locator(".nd")).to_have_count(3)
    expect(node(page, "delivery").locator(".st")).to_have_text("to be completed")
    expect(node(page, "every_day").locator(".st")).not_to_have_text("to be completed")
    expect(node(page, "birthdays").locator(".st")).not_to_have_text("to be completed")
    assert drawn(workflow) == ([], [])
    page.context.close()


def test_on_a_narrow_screen_the_drawing_is_a_list_that_fits(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    make_recipients(3)
    workflow = three_in_a_row(now)
    _run(workflow, now)
    page = open_canvas(browser, live_server.url, workflow, width=390)

    expect(page.locator("#canvas-paper")).to_be_hidden()
    expect(page.locator(".wfl li")).to_have_count(3)
    expect(page.locator(".wfl li").nth(1)).to_contain_text("3 people")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator(".wfl li button").nth(1).click()
    expect(page.get_by_label("Label in the drawing")).to_be_visible()
    expect(page.get_by_label("Label in the drawing")).to_be_disabled()
    page.context.close()


def test_the_page_obeys_the_content_policy_and_speaks_french(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    page = open_canvas(browser, live_server.url, delivering(now), locale="fr")
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)

    page.reload()
    page.wait_for_selector("body.canvas-ready")
    press_on(page, "deliver")
    page.locator(".canvas-more summary").click()

    assert page.evaluate("document.documentElement.lang") == "fr"
    expect(page.get_by_role("button", name="Enregistrer", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Mettre en ordre")).to_be_visible()
    expect(page.get_by_role("tab", name="Avancé")).to_be_visible()
    assert refused == []
    page.context.close()


def _run(workflow: Workflow, now: datetime) -> None:
    run_now(workflow, now=now)
    while pump_once(now):
        pass


def _relabel(page: Page, name: str, label: str) -> None:
    press_on(page, name)
    page.get_by_label("Label in the drawing").fill(label)


def _labels(workflow: Workflow) -> dict[str, str]:
    return dict(workflow.activities.values_list("name", "label"))
