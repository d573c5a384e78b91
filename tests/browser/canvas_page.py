"""A workflow's drawing in a browser: opening it, pointing at it, reading it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from playwright.sync_api import Browser, Page, TimeoutError

from operations.models import Operation, Workflow
from operations.services import save_definition
from operations.workflow.definition import read_definition
from tests.deliveries.factories import EVERYONE, make_template

PASSWORD = "correct horse battery staple"
DRAGS = 4


def activity(name: str, type: str, x: int = 40, y: int = 160, **config: Any) -> dict[str, Any]:
    return {"name": name, "type": type, "label": name.capitalize(), "x": x, "y": y, "config": config}


def arrow(source: str, target: str, outlet: str = "out") -> dict[str, str]:
    return {"source": source, "outlet": outlet, "target": target}


def make_drawing(*activities: dict[str, Any], arrows: list[dict[str, str]] | None = None, now: Any) -> Workflow:
    operation = Operation.objects.create(label="Birthdays")
    workflow = Workflow.objects.create(label="Every day", operation=operation, time_zone="Europe/Paris")
    if activities:
        save_definition(workflow, {"activities": list(activities), "transitions": arrows or []}, now=now)
    return workflow


def three_in_a_row(now: Any) -> Workflow:
    """start → query → end, all in sight."""
    return make_drawing(
        activity("start", "start", 40),
        activity("query", "query", 290, filter=EVERYONE),
        activity("end", "end", 540),
        arrows=[arrow("start", "query"), arrow("query", "end")],
        now=now,
    )


def delivering(now: Any) -> Workflow:
    """start → query → recurring delivery, with its template."""
    return make_drawing(
        activity("start", "start", 40),
        activity("query", "query", 290, filter=EVERYONE),
        activity("deliver", "recurring_delivery", 540, template=make_template().pk),
        arrows=[arrow("start", "query"), arrow("query", "deliver")],
        now=now,
    )


def open_canvas(
    browser: Browser, address: str, workflow: Workflow, *, width: int = 1440, locale: str = "en", user: str = "marketer"
) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900}, locale=locale)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    # The farewell of a closing page would come after the test, when the database is shut.
    page.route("**/canvas/editing/", lambda route: route.fulfill(json={}))
    page.goto(f"{address}/admin/login/?next=/admin/")
    page.fill("#id_username", user)
    page.fill("#id_password", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url("**/admin/")
    show(page, address, workflow)
    return page


def show(page: Page, address: str, workflow: Workflow) -> None:
    page.goto(f"{address}/admin/operations/workflow/{workflow.pk}/change/")
    page.wait_for_selector("body.canvas-ready")


def node(page: Page, name: str) -> Any:
    return page.locator(f'.nd[data-name="{name}"]')


def let_it_draw(page: Page) -> None:
    """Changes show with the next frame."""
    page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


def names(page: Page) -> list[str]:
    let_it_draw(page)
    found: list[str] = page.locator(".nd").evaluate_all("nodes => nodes.map(each => each.dataset.name)")
    return sorted(found)


def transitions(page: Page) -> list[list[str]]:
    let_it_draw(page)
    found: list[list[str]] = page.locator(".transition").evaluate_all(
        "links => links.map(each => JSON.parse(each.dataset.key))"
    )
    return sorted(found)


def press_on(page: Page, name: str) -> None:
    node(page, name).locator(".box").click()


def drag(page: Page, start: Any, end: Any) -> None:
    """From the middle of one shape to the middle of another, as a hand does."""
    page.mouse.move(*middle(start))
    page.mouse.down()
    page.mouse.move(*middle(end), steps=8)
    page.mouse.up()


def box_of(shape: Any) -> Any:
    """Where it stands, in pixels of the window."""
    let_it_draw(shape.page)
    box = shape.bounding_box()
    assert box is not None
    return box


def middle(shape: Any) -> tuple[float, float]:
    box = box_of(shape)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def port_out(page: Page, name: str) -> Any:
    return node(page, name).locator(".port-out").first


def drop(page: Page, type: str, x: int, y: int) -> None:
    """Drag a type from the palette to a point of the drawing, again if the browser was too busy to take it."""
    arrived = page.locator(f'.nd[data-name^="{type}"]')
    before = arrived.count()
    for _ in range(DRAGS):
        carry(page, type, x, y)
        with suppress(TimeoutError):
            arrived.nth(before).wait_for(timeout=5000)
            return
    raise AssertionError(f"{type} was dragged {DRAGS} times and never arrived")


def carry(page: Page, type: str, x: int, y: int) -> None:
    paper = box_of(page.locator("#canvas-paper"))
    entry = page.locator(f'.pal-type[data-type="{type}"]')
    # Scrolls to it and waits until it stands still.
    entry.hover()
    page.mouse.down()
    page.mouse.move(paper["x"] + x - 5, paper["y"] + y - 5, steps=6)
    # The page says that it takes the load only at a dragover: one more makes sure that it has been asked.
    page.mouse.move(paper["x"] + x, paper["y"] + y, steps=3)
    page.mouse.up()


def save(page: Page) -> None:
    with page.expect_response("**/definition/") as answered:
        page.get_by_role("button", name="Save", exact=True).click()
    assert answered.value.status == 200, answered.value.text()


def drawn(workflow: Workflow) -> tuple[list[str], list[list[str]]]:
    """What the database has."""
    document = read_definition(workflow)
    arrows = [[each["source"], each["outlet"], each["target"]] for each in document["transitions"]]
    return sorted(each["name"] for each in document["activities"]), sorted(arrows)
