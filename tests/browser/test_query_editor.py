"""The query editor in a real browser: a filter written with the mouse and the keyboard, counted, read back, saved."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from recipients.lists import append
from recipients.models import Recipient, RecipientList, SavedFilter
from tests.factories import make_recipients

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]
PASSWORD = "correct horse battery staple"


@pytest.fixture
def staff() -> RecipientList:
    get_user_model().objects.create_superuser("marketer", password=PASSWORD)
    people = make_recipients(6)
    Recipient.objects.filter(pk__in=[person.pk for person in people[:4]]).update(country_code="FR")
    chosen = RecipientList.objects.create(label="Personnel")
    append(recipient_list=chosen, rows=Recipient.objects.filter(pk=people[0].pk).values("pk"))
    return chosen


def test_a_filter_is_written_counted_read_back_and_saved(
    browser: Browser, live_server: LiveServer, staff: RecipientList
) -> None:
    page, troubles = _open(browser, live_server, "add/")

    page.get_by_label("Label").first.fill("French people")
    _add(page, "country code")
    page.locator(".q-add").fill("FR")
    page.locator(".q-add").press("Enter")
    expect(page.locator(".q-total")).to_have_text("4")
    page.get_by_role("button", name="Group").click()
    page.locator('.qg .qg select[data-part="kind"]').select_option("not")
    page.keyboard.press("Tab")
    page.locator(".qg .qg").get_by_role("button", name="Criterion").click()
    page.keyboard.type("list")
    page.keyboard.press("Enter")
    page.get_by_role("combobox", name="List").fill("Pers")
    page.get_by_role("option", name="Personnel").click()

    expect(page.locator(".q-total")).to_have_text("3")
    expect(page.locator(".q-words")).to_contain_text("except those in the list “Personnel”")
    assert page.locator(".qr .cnt").first.inner_text() == "4"
    page.get_by_role("button", name="See the people").click()
    expect(page.locator(".q-people li")).to_have_count(3)
    page.locator("[name=_save]").click()
    page.wait_for_url("**/savedfilter/")
    saved = SavedFilter.objects.get()
    country = {"field": "country_code", "op": "in", "value": ["FR"]}
    assert saved.filter == {"all": [country, {"not": {"in_list": staff.pk}}]}
    assert troubles == []
    page.close()


def test_rows_are_moved_duplicated_and_removed_by_the_keyboard(
    browser: Browser, live_server: LiveServer, staff: RecipientList
) -> None:
    rows = [{"field": "language", "op": "equals", "value": "fr"}, {"in_list": staff.pk}, {"any": [{"everyone": True}]}]
    row = SavedFilter.objects.create(label="A", filter={"all": rows})
    page, troubles = _open(browser, live_server, f"{row.pk}/change/")
    expect(page.locator(".qr")).to_have_count(3)

    handle = page.locator('.qr [data-part="menu"]')
    handle.first.focus()
    page.keyboard.press("ArrowDown")
    assert _document(page) == {"all": [rows[1], rows[0], rows[2]]}
    page.keyboard.press("ArrowDown")
    assert _document(page) == {"all": [rows[1], {"any": [rows[0], {"everyone": True}]}]}
    page.locator(".qr").first.get_by_role("button", name="Duplicate").click()
    assert _document(page)["all"][:2] == [rows[1], rows[1]]
    page.locator(".qr").first.get_by_role("button", name="Remove").click()
    page.locator('.qr [data-part="menu"]').first.focus()
    page.keyboard.press("Delete")
    assert _document(page) == {"all": [{"any": [rows[0], {"everyone": True}]}]}
    assert troubles == []
    page.close()


def test_whatever_a_filter_says_survives_the_editor_and_errors_stand_at_their_place(
    browser: Browser, live_server: LiveServer, staff: RecipientList
) -> None:
    strange = {"from_the_future": [1, {"x": 2}]}
    document = {
        "any": [
            {"field": "birth_date", "op": "anniversary", "feb_29": "feb_28"},
            {"field": "created_at", "op": "within_last", "days": 3},
            {"delivery": "opened", "of": {"series": 12}, "days": 30},
            {"field": "attributes.points", "op": "between", "value": [1, {"today": 0}]},
            strange,
        ]
    }
    row = SavedFilter.objects.create(label="A", filter=document)
    page, _troubles = _open(browser, live_server, f"{row.pk}/change/")

    expect(page.locator(".q-bad")).to_have_count(1)
    page.locator('[data-mode="text"]').click()
    assert json.loads(page.get_by_label("Filter as text (JSON)").input_value()) == document
    page.get_by_label("Filter as text (JSON)").fill('{"all": [}')
    expect(page.locator(".q-text-mode .err")).to_contain_text("not JSON")
    page.get_by_label("Filter as text (JSON)").fill(json.dumps({"all": [{"in_list": staff.pk}, {"in_list": 999}]}))
    page.locator('[data-mode="builder"]').click()
    expect(page.locator(".q-item").nth(1).locator(".q-error")).to_have_text("There is no recipient list 999.")
    page.close()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_editor_fits_a_telephone(
    browser: Browser, live_server: LiveServer, staff: RecipientList, language: str
) -> None:
    row = SavedFilter.objects.create(
        label="A",
        filter={
            "all": [
                {"field": "birth_date", "op": "between", "value": [{"today": -30}, "2025-01-01"]},
                {"any": [{"not": {"any": [{"in_list": staff.pk}, {"delivery": "clicked", "days": 3}]}}]},
            ]
        },
    )
    page, troubles = _open(browser, live_server, f"{row.pk}/change/", width=390, language=language)
    expect(page.locator(".qr")).to_have_count(3)

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert troubles == []
    page.close()


def _add(page: Page, name: str) -> None:
    page.get_by_role("button", name="Criterion").last.click()
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def _document(page: Page) -> Any:
    return json.loads(page.locator("textarea[name=filter]").input_value())


def _open(
    browser: Browser, live_server: LiveServer, path: str, width: int = 1440, language: str = "en"
) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900}, locale=language)
    page.set_default_timeout(10_000)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda line: troubles.append(line.text) if "Content Security" in line.text else None)
    page.goto(f"{live_server.url}/admin/login/?next=/admin/recipients/savedfilter/{path}")
    page.fill("input[name=username]", "marketer")
    page.fill("input[name=password]", PASSWORD)
    page.locator("[type=submit]").first.click()
    page.wait_for_selector(".query-editor .qg")
    return page, troubles
