"""The README's birthday series, done by mouse and keyboard from an empty database to the report of the delivery."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.translation import gettext, override
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from campaign_site.sink.store import SinkStore
from deliveries.channels.base import OutgoingRow
from deliveries.channels.registry import channels
from deliveries.models import Broadlog, ContentVersion, Delivery, DeliveryKind, DeliveryState
from deliveries.proofs import refusal
from operations.models import Workflow, WorkflowState
from operations.workflow.pump import pump_once
from recipients.models import Recipient
from tests.browser.canvas_page import PASSWORD, drag, drop, node, port_out, press_on
from tests.flows.series import send
from tracking.consolidation import consolidate_due

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
README = (Path(configured.BASE_DIR) / "README.md").read_text()
# A browser that calls itself headless is a machine, and opens nothing.
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
PEOPLE = {"Ada": "ada@example.com", "Noé": "noe@example.com"}


@dataclass
class Hand:
    """Somebody at the keyboard who reads labels in one language; tests name them in English."""

    page: Page
    address: str
    language: str

    def word(self, english: str) -> str:
        with override(self.language):
            return gettext(english)

    def script_word(self, english: str) -> str:
        said: str = self.page.evaluate("word => gettext(word)", english)
        return said

    def go_to(self, section: str, path: str = "") -> None:
        """An entry of the sidebar, and from its page the list at this path."""
        self.page.locator(".side").get_by_role("link", name=self.word(section)).first.click()
        if path:
            self.page.locator(f"#content a[href='{path}']").first.click()

    def add(self, **values: str) -> None:
        """On a list: its button that adds, the form, Save."""
        self.page.locator(".addlink").first.click()
        self.fill(**values)
        self.save()

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            control = self.page.locator(f"#id_{name}")
            if control.evaluate("each => each.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)

    def save(self, button: str = "_save") -> None:
        self.page.locator(f"[name={button}]").click()
        self.page.wait_for_selector(".messagelist")

    def press(self, label: str) -> None:
        self.page.get_by_role("button", name=self.word(label), exact=True).click()


@pytest.fixture(params=["en", "fr"])
def hand(request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer) -> Iterator[Hand]:
    get_user_model().objects.create_superuser("marketer", password=PASSWORD)
    viewport: Any = {"width": 1440, "height": 900}
    context = browser.new_context(viewport=viewport, locale=request.param, user_agent=FIREFOX)
    context.set_default_timeout(15_000)
    # The farewell of a closing drawing would come after the test, when the database is shut.
    context.route("**/canvas/editing/", lambda route: route.fulfill(json={}))
    yield Hand(context.new_page(), live_server.url, request.param)
    context.close()


def test_the_birthday_series_is_made_by_hand_from_an_empty_database(
    hand: Hand, settings: Settings, tmp_path: Path
) -> None:
    settings.VAR_DIR, settings.TRACKING_BASE_URL = tmp_path, hand.address
    # Not what the console says of the network: SQLite in memory refuses a look at what is being written.
    troubles: list[str] = []
    hand.page.on("pageerror", lambda error: troubles.append(str(error)))
    hand.page.on("console", lambda line: troubles.append(line.text) if "Content Security" in line.text else None)
    log_in(hand)
    for first_name, email in PEOPLE.items():
        add_recipient(hand, first_name, email)
    add_template(hand)
    add_operation(hand)
    draw_workflow(hand)
    start_workflow(hand)
    delivery = run_now(hand)

    open_delivery(hand, delivery)
    refuse_proof(hand, delivery)
    see_why_it_waits(hand)
    take_in(tmp_path / "sink", delivery)
    send(delivery, timezone.now())
    read_mail(hand)
    read_report(hand, delivery)

    assert troubles == []


def test_one_occurrence_is_stopped_while_the_series_goes_on(hand: Hand) -> None:
    log_in(hand)
    add_recipient(hand, *next(iter(PEOPLE.items())))
    add_template(hand)
    add_operation(hand)
    draw_workflow(hand)
    start_workflow(hand)
    delivery = run_now(hand)

    open_delivery(hand, delivery)
    hand.page.locator(".page-head [data-action^=stop]").click()
    hand.page.get_by_role("dialog").get_by_role("button", name=hand.word("Stop this occurrence")).click()
    hand.page.wait_for_selector(".messagelist")

    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.STOPPED
    assert Workflow.objects.get().state == WorkflowState.STARTED


def log_in(hand: Hand) -> None:
    hand.page.goto(f"{hand.address}/admin/")
    hand.fill(username="marketer", password=PASSWORD)
    hand.page.keyboard.press("Enter")
    hand.page.wait_for_selector(".side")


def add_recipient(hand: Hand, first_name: str, email: str) -> None:
    hand.go_to("Recipients", "/admin/recipients/recipient/")
    born = timezone.localdate().replace(year=1996).isoformat()
    hand.add(email=email, first_name=first_name, birth_date=born)


def add_template(hand: Hand) -> None:
    hand.go_to("Templates", "/admin/deliveries/deliverytemplate/")
    hand.add(
        label="Birthday",
        subject="Happy birthday, {{ recipient.first_name }}!",
        from_email="hello@belleroche.example",
        html=block("html"),
    )


def add_operation(hand: Hand) -> None:
    hand.go_to("Operations")
    hand.page.locator(".addlink").first.click()
    hand.fill(label="Birthdays")
    hand.save("_continue")
    hand.press("Start")
    hand.page.wait_for_selector(".messagelist")


def draw_workflow(hand: Hand) -> None:
    """Three activities dragged from the palette, two transitions from port to port, three panels filled."""
    page = hand.page
    page.locator(".tabs a").first.click()
    page.get_by_role("link", name=hand.word("Add a workflow")).first.click()
    hand.fill(label="Birthday of the day", time_zone="Europe/Paris")
    page.locator("[name=_continue]").click()
    page.wait_for_selector("body.canvas-ready")
    for place, kind in enumerate(["scheduler", "query", "recurring_delivery"]):
        drop(page, kind, 120 + 250 * place, 220)
    drag(page, port_out(page, "scheduler"), node(page, "query").locator(".box"))
    drag(page, port_out(page, "query"), node(page, "recurring_delivery").locator(".box"))
    fill_panels(hand)
    with page.expect_response("**/definition/") as answered:
        page.get_by_role("button", name=hand.script_word("Save"), exact=True).click()
    assert answered.value.status == 200, answered.value.text()


def fill_panels(hand: Hand) -> None:
    page = hand.page
    press_on(page, "scheduler")
    page.get_by_label(hand.script_word("How often")).select_option("daily")
    page.get_by_label(hand.script_word("At"), exact=True).fill("06:00")
    press_on(page, "query")
    page.get_by_role("button", name=hand.script_word("Criterion")).click()
    page.keyboard.type(hand.word("birth date"))
    page.keyboard.press("Enter")
    page.locator('.qr [data-part="op"]').select_option("anniversary")
    expect(page.locator(".q-total")).to_have_text(str(Recipient.objects.count()))
    press_on(page, "recurring_delivery")
    page.locator('[data-field="template"] select').select_option(label="Birthday")


def start_workflow(hand: Hand) -> None:
    hand.page.locator("[data-action=start]").click()
    expect(hand.page.locator("[data-action=pause]")).to_be_enabled()


def run_now(hand: Hand) -> Delivery:
    """Run now, and the numbers of people stand on the drawing."""
    hand.page.locator("[data-action=run_now]").click()
    hand.page.locator("dialog.veil button[type=submit]").click()
    expect(hand.page.locator(".canvas-run")).not_to_be_empty()
    work(hand)
    targeted = Recipient.objects.count()
    expect(node(hand.page, "query")).to_have_attribute("aria-label", re.compile(rf"\b{targeted}\b"))
    delivery = Delivery.objects.get()
    assert (delivery.kind, delivery.targeted) == (DeliveryKind.RECURRING, targeted)
    return delivery


def open_delivery(hand: Hand, delivery: Delivery) -> None:
    """From the drawing, over the operation."""
    press_on(hand.page, "recurring_delivery")
    hand.page.locator('[role="tab"][data-tab="result"]').click()
    hand.page.locator(".panel-foot a").first.click()
    expect(hand.page.locator(".page-head h1")).to_contain_text(delivery.label)
    hand.page.wait_for_selector("body.ready")


def refuse_proof(hand: Hand, delivery: Delivery) -> None:
    assert hand.page.get_by_role("button", name=hand.word("Send a proof")).is_disabled()
    with override(hand.language):
        expect(hand.page.locator("main")).to_contain_text(str(refusal(delivery)))


def see_why_it_waits(hand: Hand) -> None:
    expect(hand.page.locator("main")).to_contain_text(hand.word("No sending process (MTA) is alive."))


def read_mail(hand: Hand) -> None:
    """Open a mail in the sink and click the present."""
    page = hand.page
    page.context.route("https://www.example.com/**", lambda route: route.fulfill(body="the shop"))
    page.goto(f"{hand.address}/admin/sink/")
    page.locator("#content a[href*='/admin/sink/']").first.click()
    with page.expect_popup() as opened:
        page.frame_locator("iframe").get_by_role("link", name="here is your present").click()
    opened.value.wait_for_url("https://www.example.com/gift")
    opened.value.close()


def read_report(hand: Hand, delivery: Delivery) -> None:
    work(hand)
    delivery.refresh_from_db()
    assert (delivery.sent, delivery.opened, delivery.clicked) == (2, 1, 1)
    hand.page.goto(f"{hand.address}/admin/deliveries/delivery/{delivery.pk}/change/")
    expect(hand.page.locator("[data-status=sent] .b")).to_have_text("2")
    expect(hand.page.locator("main")).to_contain_text(hand.word("adds up"))


def take_in(folder: Path, delivery: Delivery) -> None:
    """The mails of the delivery as its content renders them, into the sink."""
    store = SinkStore(folder)
    store.prepare()
    renderer = channels.get("email").renderer(delivery, ContentVersion.objects.get(delivery=delivery))
    for row in Broadlog.objects.filter(delivery=delivery).select_related("recipient"):
        person = row.recipient
        assert person is not None
        about = {"id": person.pk, "first_name": person.first_name, "language": "en", "attributes": {}}
        content = renderer.render(OutgoingRow(row.pk, row.address, about)).content
        store.add(sender="b@example.com", recipients=[row.address], content=content, now=timezone.now())
    store.flush()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return dedent(found.group(1))


def work(hand: Hand) -> None:
    """What the processes do meanwhile; nobody looks, since SQLite in memory refuses to be read while it is written."""
    address = hand.page.url
    hand.page.goto("about:blank")
    while pump_once(timezone.now()):
        continue
    consolidate_due(timezone.now())
    hand.page.goto(address)
