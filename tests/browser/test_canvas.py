"""Drawing a workflow in a browser: by hand, by keys, undone, copied, tidied up, saved."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from operations.models import Activity
from tests.browser.canvas_page import (
    PASSWORD,
    activity,
    arrow,
    drag,
    drawn,
    drop,
    make_drawing,
    names,
    node,
    open_canvas,
    port_out,
    press_on,
    save,
    show,
    three_in_a_row,
    transitions,
)
from tests.deliveries.factories import EVERYONE, make_template

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(autouse=True)
def marketer(transactional_db: None) -> None:
    get_user_model().objects.create_superuser("marketer", password=PASSWORD)


def test_a_drawing_made_by_hand_is_saved_and_comes_back(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    template, workflow = make_template(), make_drawing(now=now)
    page = open_canvas(browser, live_server.url, workflow)

    drop(page, "scheduler", 150, 200)
    drop(page, "query", 400, 200)
    drop(page, "recurring_delivery", 650, 200)
    drag(page, port_out(page, "scheduler"), node(page, "query").locator(".box"))
    drag(page, port_out(page, "query"), node(page, "recurring_delivery").locator(".box"))
    press_on(page, "recurring_delivery")
    page.get_by_label("Label in the drawing").fill("Happy birthday")
    page.locator('[data-field="template"] .select, [data-field="template"] .input').first.wait_for()
    page.locator('[role="tab"][data-tab="advanced"]').click()
    page.get_by_label("Configuration as text (JSON)").fill(f'{{"template": {template.pk}}}')
    for name, config in (
        ("query", '{"filter": {"everyone": true}}'),
        ("scheduler", '{"schedule": {"crontab": "0 9 * * *"}}'),
    ):
        press_on(page, name)
        page.locator('[role="tab"][data-tab="advanced"]').click()
        page.get_by_label("Configuration as text (JSON)").fill(config)
    save(page)
    show(page, live_server.url, workflow)

    arrows = [["query", "out", "recurring_delivery"], ["scheduler", "out", "query"]]
    assert (names(page), transitions(page)) == (["query", "recurring_delivery", "scheduler"], arrows)
    assert drawn(workflow) == (names(page), arrows)
    saved = Activity.objects.get(workflow=workflow, name="recurring_delivery")
    assert (saved.label, saved.config["template"]) == ("Happy birthday", template.pk)
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    page.context.close()


def test_everything_can_be_drawn_with_keys_alone(browser: Browser, live_server: LiveServer, now: datetime) -> None:
    workflow = make_drawing(activity("start", "start", 40), activity("end", "end", 760), now=now)
    page = open_canvas(browser, live_server.url, workflow)

    node(page, "start").focus()
    page.keyboard.press("n")
    page.keyboard.type("Query")
    page.keyboard.press("Enter")
    expect(node(page, "query")).to_be_focused()
    page.keyboard.press("c")
    page.keyboard.type("End")
    page.keyboard.press("Enter")
    expect(page.locator(".transition")).to_have_count(2)
    page.keyboard.press("ArrowLeft")
    expect(node(page, "start")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")

    expect(page.get_by_label("Label in the drawing")).to_be_focused()
    assert transitions(page) == [["query", "out", "end"], ["start", "out", "query"]]
    page.context.close()


def test_a_transition_that_cannot_be_is_refused_with_its_reason(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    workflow = three_in_a_row(now)
    page = open_canvas(browser, live_server.url, workflow)

    drag(page, port_out(page, "query"), node(page, "start").locator(".box"))

    expect(page.locator(".toast", has_text="begins a branch: no transition leads to it")).to_be_visible()
    assert len(transitions(page)) == 2
    page.context.close()


def test_steps_are_undone_and_done_again_typing_as_one(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    workflow = three_in_a_row(now)
    page = open_canvas(browser, live_server.url, workflow)

    press_on(page, "query")
    page.get_by_label("Label in the drawing").press("End")
    page.get_by_label("Label in the drawing").press_sequentially(" of today")
    node(page, "end").focus()
    page.keyboard.press("Delete")
    expect(page.locator(".nd")).to_have_count(2)
    page.locator(".canvas-page").press("Control+z")
    expect(page.locator(".transition")).to_have_count(2)
    assert names(page) == ["end", "query", "start"]
    page.locator(".canvas-page").press("Control+z")
    expect(node(page, "query").locator(".nm")).to_have_text("Query")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    page.locator(".canvas-page").press("Control+Shift+z")

    expect(node(page, "query").locator(".nm")).to_have_text("Query of today")
    page.context.close()


def test_activities_are_copied_from_one_workflow_to_another_under_free_names(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    workflow, other = three_in_a_row(now), three_in_a_row(now)
    page = open_canvas(browser, live_server.url, workflow)
    node(page, "query").focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    show(page, live_server.url, other)

    node(page, "start").focus()
    page.keyboard.press("Control+v")
    expect(page.locator(".nd")).to_have_count(6)
    save(page)

    pasted = Activity.objects.get(workflow=other, name="query_2")
    assert names(page) == ["end", "end_2", "query", "query_2", "start", "start_2"]
    assert ["query_2", "out", "end_2"] in transitions(page)
    assert pasted.config == Activity.objects.get(workflow=workflow, name="query").config
    page.context.close()


def test_tidying_up_leaves_nothing_over_anything(browser: Browser, live_server: LiveServer, now: datetime) -> None:
    heap = [activity(f"query_{number}", "query", 100, 100, filter=EVERYONE) for number in range(6)]
    arrows = [arrow("fork", f"query_{number}", f"w{number}") for number in range(6)]
    arrows += [arrow(f"query_{number}", "union") for number in range(6)]
    fork = activity("fork", "fork", 100, 100, outlets=[f"w{number}" for number in range(6)])
    union, start = activity("union", "union", 100, 100), activity("start", "start", 100, 100)
    workflow = make_drawing(fork, union, start, *heap, arrows=[arrow("start", "fork"), *arrows], now=now)
    page = open_canvas(browser, live_server.url, workflow)

    page.locator(".canvas-more summary").click()
    page.get_by_role("button", name="Tidy up").click()

    boxes = page.locator(".nd .box").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect()).map(({x, y, right, bottom}) => [x, y, right, bottom])"
    )
    overlaps = [
        (one, other)
        for index, one in enumerate(boxes)
        for other in boxes[index + 1 :]
        if one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
    ]
    assert (len(boxes), overlaps) == (9, [])
    page.context.close()


def test_a_selection_moves_as_one_and_stays_on_the_grid(
    browser: Browser, live_server: LiveServer, now: datetime
) -> None:
    workflow = three_in_a_row(now)
    page = open_canvas(browser, live_server.url, workflow)

    press_on(page, "start")
    node(page, "query").locator(".box").click(modifiers=["Shift"])
    x, y = node(page, "query").locator(".nm").bounding_box()["x"], 0
    page.mouse.move(x + 5, node(page, "query").bounding_box()["y"] + 40)
    page.mouse.down()
    page.mouse.move(x + 5, node(page, "query").bounding_box()["y"] + 163 + y, steps=5)
    page.mouse.up()
    save(page)

    rows = dict(Activity.objects.filter(workflow=workflow).values_list("name", "y"))
    assert rows["start"] == rows["query"] > rows["end"] == 160
    assert rows["start"] % 10 == 0
    page.context.close()
