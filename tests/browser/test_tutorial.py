"""The README's ten minutes, done by mouse and keyboard with the very texts that the README gives."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from textwrap import dedent

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from deliveries.models import Delivery, DeliveryKind, DeliveryState, DeliveryTemplate
from operations.models import Operation, Workflow, WorkflowState
from operations.workflow.pump import pump_once
from tests.browser.test_pages import PASSWORD, _log_in
from tests.factories import make_recipients

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
README = (Path(settings.BASE_DIR) / "README.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return dedent(found.group(1))


def test_the_birthday_series_is_made_by_hand_from_an_empty_database(browser: Browser, live_server: LiveServer) -> None:
    get_user_model().objects.create_superuser("marketer", password=PASSWORD)
    make_recipients(3, birth_date=timezone.localdate().replace(year=1996))
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en")
    _log_in(page, live_server.url)

    _add_template(page, live_server.url)
    _add_operation(page, live_server.url)
    _add_workflow(page)
    page.get_by_role("button", name="Run now").or_(page.locator("summary", has_text="Run now")).first.click()
    _say_yes(page, "Run now")
    _work(timezone.now())

    delivery = Delivery.objects.get()
    assert (delivery.kind, delivery.targeted, delivery.pending) == (DeliveryKind.RECURRING, 3, 3)
    page.goto(f"{live_server.url}/admin/operations/operation/{Operation.objects.get().pk}/change/")
    page.get_by_role("link", name=delivery.label).click()
    assert "No sending process is alive" in page.locator("#content").inner_text() or "Why it waits" in page.content()
    page.locator("summary", has_text="Stop this occurrence").click()
    _say_yes(page, "Stop this occurrence")

    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.STOPPED
    assert Workflow.objects.get().state == WorkflowState.STARTED
    page.close()


def _add_template(page: Page, address: str) -> None:
    page.goto(f"{address}/admin/deliveries/deliverytemplate/add/")
    page.fill("#id_label", "Birthday")
    page.fill("#id_subject", "Happy birthday, {{ recipient.first_name }}!")
    page.fill("#id_from_email", "hello@belleroche.example")
    page.fill("#id_html", block("html"))
    page.click("[name=_save]")
    page.wait_for_selector(".messagelist .success")


def _add_operation(page: Page, address: str) -> None:
    page.goto(f"{address}/admin/operations/operation/add/")
    page.fill("#id_label", "Birthdays")
    page.click("[name=_continue]")
    page.wait_for_selector(".messagelist .success")
    _press(page, "Start")


def _add_workflow(page: Page) -> None:
    definition = block("json").replace('"template": 1', f'"template": {DeliveryTemplate.objects.get().pk}')
    page.get_by_role("link", name="Add a workflow").click()
    page.fill("#id_label", "Birthday of the day")
    page.select_option("#id_time_zone", "Europe/Paris")
    page.click("[name=_continue]")
    page.fill("#id_definition", definition)
    page.click("[name=_continue]")
    page.wait_for_selector("text=Next instants")
    _press(page, "Start")
    assert page.locator("#content ol li").count() >= 10


def _press(page: Page, label: str) -> None:
    page.locator(".service-actions").get_by_role("button", name=label, exact=True).click()
    page.wait_for_selector(".messagelist .success")


def _say_yes(page: Page, label: str) -> None:
    page.get_by_role("button", name=f"Yes: {label}").click()
    page.wait_for_selector(".messagelist .success")


def _work(now: datetime) -> None:
    while pump_once(now):
        continue
