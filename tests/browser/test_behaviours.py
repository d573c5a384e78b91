"""What the scripts add to pages that work without them: one page with one of each (`behaviour_pages.py`)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Dialog, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from installation.preferences import choose_shortcuts
from operations.models import Operation
from recipients.models import RecipientList
from tests.browser import behaviour_pages
from tests.browser.session import open_page

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, settings: Settings) -> Iterator[Page]:
    settings.ROOT_URLCONF = "tests.browser.behaviour_pages"
    behaviour_pages.asked.update(figures=0, fails=False, stopped=None)
    user = User.objects.create_superuser("marketer")
    opened = open_page(browser, live_server.url, user, permissions=["clipboard-read", "clipboard-write"])
    opened.clock.install()
    opened.goto(f"{live_server.url}/behaviours/")
    yield opened
    opened.context.close()


def test_a_link_opens_its_page_as_a_dialog_whose_safe_way_out_has_the_focus(page: Page) -> None:
    page.get_by_role("link", name="Stop…").click()
    dialog = page.get_by_role("dialog", name="Stop what?")

    expect(dialog.get_by_role("link", name="Keep sending")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("link", name="Stop…")).to_be_focused()
    assert behaviour_pages.asked["stopped"] is None


def test_the_button_of_a_dialog_repeats_the_choice_and_posts_it(page: Page) -> None:
    page.get_by_role("link", name="Stop…").click()
    dialog = page.get_by_role("dialog")

    expect(dialog.get_by_role("button")).to_have_text("Stop this occurrence")
    dialog.get_by_label("The whole series").check()
    dialog.get_by_role("button", name="Stop the series").click()

    expect(page.locator(".toast.success")).to_contain_text("Stopped.")
    assert behaviour_pages.asked["stopped"] == "all"


def test_a_dialog_that_cannot_be_had_opens_its_plain_page(page: Page) -> None:
    page.get_by_role("link", name="Broken").click()

    page.wait_for_url("**/behaviours/nothing/")


def test_a_region_stays_fresh_keeps_the_focus_and_says_when_the_connection_is_lost(page: Page) -> None:
    region = page.locator("#figures a")
    region.focus()
    page.clock.run_for(4000)
    expect(region).to_have_text("count 1")
    expect(region).to_be_focused()
    page.clock.run_for(1000)
    expect(page.locator("[data-updated]")).to_contain_text("updated")

    behaviour_pages.asked["fails"] = True
    for _failure in range(2):
        with page.expect_response("**/behaviours/figures/"):
            page.clock.run_for(3100)
    page.clock.run_for(1000)

    expect(page.locator("#figures")).to_have_class("stale")
    expect(page.locator("[data-updated]")).to_contain_text("connection lost since")
    expect(region).to_have_text("count 1")


def test_messages_leave_after_six_seconds_but_errors_stay_until_closed(page: Page) -> None:
    page.get_by_role("button", name="Say").click()
    good, bad = page.locator(".toast.success"), page.locator(".toast.error")
    expect(good).to_contain_text("Said.")

    good.hover()
    page.clock.run_for(7000)
    expect(good).to_be_visible()
    page.mouse.move(900, 10)
    page.clock.run_for(7000)

    expect(good).to_have_count(0)
    bad.get_by_role("button", name="Close").click()
    expect(bad).to_have_count(0)


def test_a_command_is_copied_and_the_button_says_so(page: Page) -> None:
    button = page.locator(".copy button")
    button.click()

    expect(button).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "./diffusion run"
    page.clock.run_for(2500)
    expect(button).to_have_text("Copy")


def test_a_menu_is_walked_with_the_arrows_and_closed_by_escape_and_by_a_click_elsewhere(page: Page) -> None:
    summary = page.locator("main details.menu summary")
    summary.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="First")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("link", name="Second")).to_be_focused()
    page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    expect(page.locator("details.menu[open]")).to_have_count(0)

    summary.click()
    expect(page.locator("details.menu[open]")).to_have_count(1)
    page.locator("h1").click()
    expect(page.locator("details.menu[open]")).to_have_count(0)


def test_keys_lead_to_sections_tabs_rows_and_buttons(page: Page) -> None:
    page.evaluate("document.getElementById('pause').addEventListener('click', (event) => event.target.remove())")
    page.keyboard.press("p")
    expect(page.locator("#pause")).to_have_count(0)

    for key in "jjj":
        page.keyboard.press(key)
    expect(page.get_by_role("link", name="Two").last).to_be_focused()

    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(keys).to_contain_text("Tabs, from left to right")
    page.keyboard.press("Escape")

    page.keyboard.press("2")
    page.wait_for_url("**/?tab=2")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url("**/admin/")


def test_letters_are_letters_while_writing_and_for_who_switched_the_keys_off(
    page: Page, browser: Browser, live_server: LiveServer
) -> None:
    page.get_by_label("Label").press_sequentially("?p1")
    expect(page.get_by_label("Label")).to_have_value("?p1")

    user = User.objects.get()
    choose_shortcuts(user=user, enabled=False)
    other = open_page(browser, live_server.url, user)
    other.goto(f"{live_server.url}/behaviours/")
    other.keyboard.press("?")
    other.keyboard.press("Control+k")

    expect(other.get_by_role("dialog")).to_have_count(1)
    expect(other.get_by_role("combobox")).to_be_focused()
    other.context.close()


def test_the_palette_goes_to_sections_and_to_what_the_search_finds(page: Page) -> None:
    Operation.objects.create(label="Birthdays")
    RecipientList.objects.create(label="Birthdays in June")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search or go to")
    expect(field).to_be_focused()
    expect(page.get_by_role("option", name="Operations")).to_be_visible()

    field.fill("birth")
    page.clock.run_for(300)
    expect(page.get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).to_contain_text("June")
    page.keyboard.press("Enter")

    page.wait_for_url("**/recipients/recipientlist/**")


def test_a_changed_form_asks_before_it_is_left_and_not_when_it_is_saved(page: Page) -> None:
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.get_by_label("Label").fill("x")
    page.reload()
    assert asked == ["beforeunload"]

    page.get_by_label("Label").fill("x")
    page.get_by_role("button", name="Say").click()
    expect(page.locator(".toast.success")).to_be_visible()
    assert asked == ["beforeunload"]


def test_selected_rows_bring_a_bar_with_their_number(page: Page, live_server: LiveServer) -> None:
    for number in range(3):
        RecipientList.objects.create(label=f"List {number}")
    page.goto(f"{live_server.url}/admin/recipients/recipientlist/")
    bar = page.locator(".actions.bulk")
    expect(bar).to_be_hidden()

    page.locator("input.action-select").first.check()
    page.locator("input.action-select").last.check()
    bar.get_by_role("button", name="(2)").click()

    page.wait_for_selector("text=Are you sure")
    assert page.locator("input[name=_selected_action]").count() == 2


def test_the_filters_of_a_list_are_a_sheet_on_a_telephone(page: Page, live_server: LiveServer) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{live_server.url}/admin/operations/operation/")
    page.locator("[data-sheet]").click()
    sheet = page.get_by_role("dialog", name="Filters")

    expect(sheet.locator("#changelist-filter")).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    assert page.locator("main #changelist-filter").count() == 1
