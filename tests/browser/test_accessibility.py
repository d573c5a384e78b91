"""No page keeps anybody out, on a desk or on a phone: axe finds nothing serious; scripts run without a refusal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from deliveries.content import links
from deliveries.models import Broadlog
from recipients.models import Service
from tests.browser import admin_pages
from tests.browser.accessibility import serious_findings
from tests.browser.session import listen, open_page
from tests.deliveries.factories import make_activity, run_once
from tests.factories import make_recipients

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
# Addresses where there is nothing: their 404 is no fault.
UNKNOWN = ["/t/u/unknown", "/no/such/page"]
# Colours don't depend on the width, nor names on the theme: two screens see everything.
SCREENS: dict[str, dict[str, Any]] = {
    "a light desk": {"color_scheme": "light", "viewport": {"width": 1440, "height": 900}},
    "a dark phone": {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
}
Pages = Callable[[User], list[str]]


@pytest.fixture
def user(now: datetime) -> User:
    """Somebody who may do everything, in an installation where one occurrence waits."""
    Service.objects.create(label="News")
    run_once(make_activity("recurring_delivery"), make_recipients(5), now=now)
    return User.objects.create_superuser("marketer")


def outside(user: User) -> list[str]:
    message = Broadlog.objects.order_by("pk")[0]
    addresses = [links.unsubscribe_url(message.pk), links.preferences_url(message.pk)]
    return ["/" + address.split("/", 3)[3] for address in addresses] + UNKNOWN


def general(user: User) -> list[str]:
    return ["/admin/", "/admin/account/", "/admin/sink/", "/admin/password_change/"]


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("pages", [general, admin_pages.lists, admin_pages.forms, admin_pages.objects, outside])
def test_no_page_has_a_serious_finding(
    browser: Browser, live_server: LiveServer, user: User, pages: Pages, screen: str
) -> None:
    page = open_page(browser, live_server.url, user, **SCREENS[screen])
    heard = listen(page)

    found = {}
    for path in pages(user):
        heard.clear()
        page.goto(live_server.url + path)
        # Read before axe runs: it styles inline, and is refused.
        problems = [line for line in heard if "404" not in line or path not in UNKNOWN]
        if findings := [*problems, *serious_findings(page)]:
            found[path] = findings

    assert found == {}
    page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_login_page_has_no_serious_finding(browser: Browser, live_server: LiveServer, theme: str) -> None:
    page = open_page(browser, live_server.url, color_scheme=theme)
    heard = listen(page)
    page.goto(f"{live_server.url}/admin/login/")
    assert heard == []
    found = serious_findings(page)
    page.fill("#id_username", "nobody")
    page.fill("#id_password", "wrong")
    page.click("#login-form [type=submit]")
    page.wait_for_selector("[role=alert]")

    assert found + serious_findings(page) == []
    page.context.close()


def test_a_faulty_form_has_no_serious_finding(browser: Browser, live_server: LiveServer, user: User) -> None:
    page = open_page(browser, live_server.url, user)
    page.goto(f"{live_server.url}/admin/operations/operation/add/")
    page.locator("[name=_save]").click()
    page.wait_for_selector(".errornote")

    assert serious_findings(page) == []
    page.context.close()
