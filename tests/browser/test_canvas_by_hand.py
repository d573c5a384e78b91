"""Less common ways with a drawing: many at once, other sizes, versions, files, every editor, faults."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, Dialog, Page, expect
from pytest_django.live_server_helper import LiveServer

from operations.models import Activity
from tests.browser.canvas_page import (
    PASSWORD,
    activity,
    arrow,
    box_of,
    make_drawing,
    names,
    node,
    open_canvas,
    press_on,
    save,
    three_in_a_row,
    transitions,
)
from tests.deliveries.factories import EVERYONE

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(autouse=True)
def marketer(transactional_db: None) -> None:
    get_user_model().objects.create_superuser("marketer", password=PASSWORD)


def test_several_are_selected_doubled_and_moved_and_the_view_is_zoomed(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    workflow = three_in_a_row(now)
    page = open_canvas(browser, live_server.url, workflow)

    select_with_a_band(page, "start", "query")
    expect_selected(page, ["query", "start"])
    page.keyboard.press("Control+d")
    expect(page.locator(".nd")).to_have_count(5)
    assert ["start_2", "out", "query_2"] in transitions(page)
    expect_selected(page, ["query_2", "start_2"])
    for _step in range(3):
        page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowRight")
    save(page)
    places = {row.name: (row.x, row.y) for row in Activity.objects.filter(workflow=workflow)}
    assert places["query_2"] == (290 + 40 + 10, 160 + 120 + 30)
    assert places["query"] == (290, 160)

    page.keyboard.press("0")
    page.keyboard.press("-")
    expect(page.locator(".zoom-value")).to_have_text("83%")
    page.keyboard.press("+")
    expect(page.locator(".zoom-value")).to_have_text("100%")
    before = box_of(node(page, "start"))["x"]
    map_box = box_of(page.locator("#canvas-minimap svg"))
    page.mouse.click(map_box["x"] + 4, map_box["y"] + map_box["height"] / 2)
    assert box_of(node(page, "start"))["x"] > before + 100
    page.context.close()


def test_a_version_is_compared_on_the_drawing_and_brought_back(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    workflow = three_in_a_row(now)
    page = open_canvas(browser, live_server.url, workflow)
    press_on(page, "query")
    page.get_by_label("Label in the drawing").fill("Everybody")
    node(page, "end").focus()
    page.keyboard.press("Delete")
    save(page)

    menu(page, "Versions…")
    page.get_by_role("button", name="Version 1").click()

    detail = page.locator("#canvas-versions .diff")
    expect(detail).to_contain_text("End removed")
    expect(detail).to_contain_text("Label: Query → Everybody")
    expect(node(page, "query")).to_have_class(re.compile("mark-changed"))
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(".nd")).to_have_count(3)
    assert names(page) == ["end", "query", "start"]
    expect(node(page, "query").locator(".nm")).to_have_text("Query")
    expect(node(page, "query")).not_to_have_class(re.compile("mark-changed"))
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_enabled()
    page.context.close()


def test_a_drawing_leaves_as_a_file_and_comes_in_from_a_file_or_a_text(
    browser: Browser, live_server: LiveServer, now: datetime, tmp_path: Path
) -> None:
    workflow = three_in_a_row(now)
    page = open_canvas(browser, live_server.url, workflow)
    with page.expect_download() as download:
        menu(page, "Export (YAML)")
    file = tmp_path / "drawing.yaml"
    download.value.save_as(file)
    page.goto(page.url.replace(f"/{workflow.pk}/", f"/{make_drawing(now=now).pk}/"))
    page.wait_for_selector("body.canvas-ready")

    menu(page, "Import…")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Put it on the canvas").click()
    expect(page.locator(".nd")).to_have_count(3)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.locator(".wf-head .tabs a").nth(1).click(no_wait_after=True)
    expect(page.locator("body.canvas-ready")).to_be_attached()
    assert asked == ["beforeunload"]
    page.locator(".toast", has_text="Imported").get_by_role("button", name="Undo").click()
    expect(page.locator(".nd")).to_have_count(0)

    menu(page, "Import…")
    page.get_by_label("Or paste the text").fill(file.read_text())
    page.get_by_role("button", name="Put it on the canvas").click()
    expect(page.locator(".nd")).to_have_count(3)
    menu(page, "Import…")
    page.get_by_label("Or paste the text").fill("nonsense: true")
    page.get_by_role("button", name="Put it on the canvas").click()
    expect(page.locator(".toast.error")).to_contain_text("This is not an exported workflow")
    save(page)
    page.context.close()


def test_every_kind_of_field_is_edited_and_a_row_says_what_is_wrong_with_it(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    ways: dict[str, Any] = {"outlets": ["one", "two"]}
    workflow = make_drawing(
        activity("start", "start"),
        activity("fork", "fork", 290, **ways),
        activity("sample", "sample", 540, 100, size={"percent": 10}),
        activity("split", "split", 540, 260, subsets=halves()),
        activity("scheduler", "scheduler", 40, 320, schedule={"crontab": "0 9 * * *"}),
        activity("hours", "time_constraint", 290, 320),
        activity("pause", "wait", 290, 440, duration=2, unit="days"),
        arrows=[arrow("start", "fork"), arrow("fork", "sample", "one"), arrow("fork", "split", "two")],
        now=now,
    )
    page = open_canvas(browser, live_server.url, workflow)

    press_on(page, "sample")
    size = page.locator('[data-field="size"]')
    size.locator("select").select_option("count")
    size.locator("input").fill("250")
    press_on(page, "hours")
    page.get_by_label("Monday").uncheck()
    press_on(page, "scheduler")
    page.locator('[data-field="valid_from"] input').first.fill("2027-01-02T08:30")
    press_on(page, "pause")
    page.locator('[data-field="duration"] input').fill("5")
    press_on(page, "split")
    page.locator('[data-field="subsets"] .rows > li').nth(1).get_by_label("Name").fill("")
    wrong = page.locator('[data-field="subsets"] .rows > li.invalid')
    expect(wrong).to_have_count(1)
    expect(page.locator('[data-field="subsets"] .rows > li').nth(1)).to_have_class("invalid")
    page.locator('[data-field="subsets"] .rows > li').nth(1).get_by_label("Name").fill("other")
    expect(wrong).to_have_count(0)
    press_on(page, "fork")
    page.get_by_label("Outlet 2").fill("three")
    expect(page.locator(".toast", has_text="left from an outlet that is no more")).to_be_visible()
    assert ["fork", "two", "split"] not in transitions(page)
    save(page)

    saved = dict(Activity.objects.filter(workflow=workflow).values_list("name", "config"))
    assert saved["sample"]["size"] == {"count": 250}
    assert "monday" not in str(saved["hours"]["days"]).lower()
    assert saved["scheduler"]["valid_from"].startswith("2027-01-02T08:30")
    assert saved["pause"]["duration"] == 5
    assert saved["fork"]["outlets"] == ["one", "three"]
    page.context.close()


def test_what_keeps_a_drawing_from_starting_is_listed_and_leads_to_its_field(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    workflow = three_in_a_row(now)
    page = open_canvas(browser, live_server.url, workflow)
    listed = page.locator("#canvas-banners .faults li")
    expect(page.locator("#canvas-banners details")).to_have_count(0)

    press_on(page, "query")
    page.locator('[data-tab="advanced"]').click()
    page.get_by_label("Configuration as text (JSON)").fill("{}")
    page.locator(".transition").first.locator(".edge-hit").click(force=True)
    page.keyboard.press("Escape")
    page.locator("#canvas-banners summary").click()

    expect(listed.first).to_contain_text("Query")
    expect(node(page, "query").locator(".st")).to_have_text("to be completed")
    press_on(page, "end")
    page.locator('[data-tab="advanced"]').click()
    listed.first.get_by_role("button").click()
    expect(page.locator('[data-tab="criteria"]')).to_have_attribute("aria-selected", "true")
    expect(page.locator('[data-field="filter"] .error')).to_be_visible()
    page.get_by_role("button", name="Undo").first.click()
    expect(page.locator("#canvas-banners details")).to_have_count(0)
    page.context.close()


def test_edges_are_moved_and_remembered_and_a_middling_screen_has_the_palette_behind_a_button(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    workflow = three_in_a_row(now)
    page = open_canvas(browser, live_server.url, workflow)
    press_on(page, "query")
    panel = page.locator("#canvas-panel")
    edge = page.get_by_role("separator", name="Width of the panel")

    edge.focus()
    page.keyboard.press("ArrowLeft")
    assert box_of(panel)["width"] == 392
    page.mouse.move(box_of(panel)["x"], 400)
    page.mouse.down()
    page.mouse.move(box_of(panel)["x"] - 100, 400, steps=4)
    page.mouse.up()
    wide = box_of(panel)["width"]
    assert wide > 450
    page.reload()
    page.wait_for_selector("body.canvas-ready")
    press_on(page, "query")
    assert box_of(panel)["width"] == wide

    page.set_viewport_size({"width": 1000, "height": 800})
    expect(page.locator("#canvas-palette")).to_be_hidden()
    page.get_by_role("button", name="Activities", exact=True).click()
    page.locator('.pal-type[data-type="union"]').click()
    expect(page.locator(".nd")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") == 1000
    page.context.close()


def halves() -> list[dict[str, object]]:
    return [
        {"name": "half", "filter": EVERYONE},
        {"name": "other", "filter": EVERYONE},
    ]


def menu(page: Page, name: str) -> None:
    page.locator(".canvas-more summary").click()
    page.get_by_role("button", name=name, exact=True).click()


def expect_selected(page: Page, names: list[str]) -> None:
    """What is selected shows with the next frame."""
    expect(page.locator(".nd.sel")).to_have_count(len(names))
    found: list[str] = page.locator(".nd.sel").evaluate_all("nodes => nodes.map(each => each.dataset.name)")
    assert sorted(found) == names


def select_with_a_band(page: Page, first: str, last: str) -> None:
    """Shift and the mouse, from above the first node to below the last."""
    start, end = node(page, first).bounding_box(), node(page, last).bounding_box()
    page.keyboard.down("Shift")
    page.mouse.move(start["x"] - 20, start["y"] - 20)
    page.mouse.down()
    page.mouse.move(end["x"] + 60, end["y"] + 110, steps=6)
    page.mouse.up()
    page.keyboard.up("Shift")
