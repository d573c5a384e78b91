"""The schedule editor, by mouse and keyboard, with the preview of the server."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from operations.models import Workflow
from operations.occurrences import instants, validate_schedule

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

MOUNT = """async ([value, previewUrl]) => {
  const { mountScheduleEditor } = await import("/static/operations/schedule/editor.js");
  const element = document.createElement("div");
  element.id = "editor";
  document.querySelector("main, #content, body").prepend(element);
  const onChange = (schedule) => { window.changed = schedule; };
  window.editor = mountScheduleEditor(element, { value, onChange, previewUrl, zone: "Europe/Paris" });
}"""
READ_BACK = """async (documents) => {
  const { readRules, writeRules } = await import("/static/operations/schedule/rules.js");
  return documents.map((document) => [readRules(document).map((rule) => rule.mode), writeRules(readRules(document))]);
}"""
DOCUMENTS: list[tuple[dict[str, Any], list[str]]] = [
    ({"crontab": "0 9 * * *"}, ["daily"]),
    ({"crontab": "5 18 * * 4"}, ["weekly"]),
    ({"crontab": "0 18 * * 1-5"}, ["weekly"]),
    ({"crontab": "0 18 * * 6-7"}, ["weekly"]),
    ({"crontab": "0 6 1,15 * *"}, ["monthly"]),
    ({"crontab": "0 6 31 1-3 *"}, ["monthly"]),
    ({"crontab": "*/15 8-18 * * *"}, ["several"]),
    ({"crontab": "*/7 * * * *"}, ["several"]),
    ({"crontab": "30 */2 * * *"}, ["several"]),
    ({"crontab": "0 8-20/3 * * *"}, ["several"]),
    ({"crontab": "0 9,12,18 * * *"}, ["several"]),
    ({"crontab": "0 6 13 * 5"}, ["crontab"]),
    ({"crontab": "1,2 3 * * *"}, ["crontab"]),
    ({"crontab": "0 9 * 12 *"}, ["crontab"]),
    ({"every": 2, "period": "weeks"}, ["interval"]),
    ({"at": "2026-12-24T18:00:00"}, ["once"]),
    ({"at": "2026-12-24"}, ["once"]),
    ({"at": "2026-12-24T18:00:00+02:00"}, ["json"]),
    ({"any": [{"crontab": "0 9 * * 1"}, {"any": [{"crontab": "0 18 * * 5"}]}]}, ["weekly", "weekly"]),
]


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Any:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("marketer"))
    workflow = Workflow.objects.create(label="Birthdays", time_zone="Europe/Paris")
    context = browser.new_context()
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    opened = context.new_page()
    opened.goto(f"{live_server.url}/admin/operations/workflow/{workflow.pk}/properties/")
    opened.evaluate(
        "url => { window.previewUrl = url; }", f"/admin/operations/workflow/{workflow.pk}/canvas/schedule_preview/"
    )
    yield opened
    context.close()


def mount(page: Page, value: dict[str, Any]) -> None:
    page.evaluate(MOUNT, [value, page.evaluate("window.previewUrl")])
    page.wait_for_selector("#editor .schedule-sentence")


def changed(page: Page) -> Any:
    return page.evaluate("window.changed")


def test_a_weekly_rule_is_made_and_its_next_runs_are_shown(page: Page) -> None:
    mount(page, {"crontab": "0 9 * * *"})
    editor = page.locator("#editor")

    editor.get_by_label("How often").select_option(label="Every week")
    editor.get_by_label("Thursday").check()
    editor.get_by_label("Monday").uncheck()
    editor.get_by_label("At", exact=True).fill("18:00")
    editor.get_by_label("At", exact=True).press("Tab")

    page.wait_for_selector("#editor .schedule-sentence:has-text('every Thursday at 18:00, Europe/Paris')")
    assert changed(page) == {"crontab": "0 18 * * 4"}
    assert editor.locator(".next-runs li:not(.clock-change)").count() == 10


def test_a_day_that_some_months_lack_is_pointed_out_and_two_rules_go_together(page: Page) -> None:
    mount(page, {"crontab": "0 6 31 * *"})
    editor = page.locator("#editor")

    editor.locator(".schedule-preview .warn", has_text="no day 31").wait_for()
    editor.get_by_role("button", name="Add a rule").click()
    two = changed(page)
    editor.get_by_role("group", name="Rule 1").get_by_role("button", name="Remove this rule").click()

    assert two == {"any": [{"crontab": "0 6 31 * *"}, {"crontab": "0 9 * * *"}]}
    assert changed(page) == {"crontab": "0 9 * * *"}


def test_what_is_wrong_in_a_crontab_is_said_where_it_is_written(page: Page) -> None:
    mount(page, {"crontab": "0 6 13 * 5"})

    page.locator("#editor").get_by_label("Crontab", exact=True).fill("0 25 * * *")
    page.keyboard.press("Tab")

    page.locator("#editor .bad", has_text="25 is no hour").wait_for()


def test_every_document_is_read_in_its_simplest_mode_and_means_the_same_when_written(page: Page) -> None:
    read = page.evaluate(READ_BACK, [document for document, _modes in DOCUMENTS])

    assert [modes for modes, _written in read] == [modes for _document, modes in DOCUMENTS]
    for (document, _modes), (_found, written) in zip(DOCUMENTS, read, strict=True):
        validate_schedule(written)
        assert first_instants(written) == first_instants(document)


def first_instants(schedule: dict[str, Any]) -> list[datetime]:
    start = datetime(2026, 9, 22, tzinfo=UTC)
    return list(islice(instants(schedule, zone=ZoneInfo("Europe/Paris"), anchor=start, after=start), 60))
