"""D03, D04: one click unsubscribes, in either encoding and for ever; looking never does, whoever runs the page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from deliveries.content import links
from deliveries.models import Broadlog, Delivery, DeliveryState
from recipients.models import Recipient
from tests.browser.conftest import browser
from tests.factories import make_recipient
from tests.tracking.factories import make_message
from tracking.models import TrackingLog

__all__ = ["browser"]
ENCODINGS: dict[str, dict[str, Any]] = {
    "urlencoded": {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"},
    "multipart": {"data": {"List-Unsubscribe": "One-Click"}},
}
# A page that submits itself does so at once, or when it believes that somebody looks.
SECONDS_ON_THE_PAGE = 5


def path_of(message: Broadlog) -> str:
    return urlsplit(links.unsubscribe_url(message.pk)).path


@pytest.mark.django_db
@pytest.mark.parametrize("is_over", [False, True], ids=["at work", "expired"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_d03_a_post_without_cookie_token_or_referrer_is_answered_200_and_acts_once(
    encoding: str, is_over: bool
) -> None:
    message = make_message(make_recipient())
    if is_over:
        over = timezone.now() - timedelta(days=30)
        Delivery.objects.update(state=DeliveryState.FINISHED, ended_at=over, valid_until=over)
    client = Client(enforce_csrf_checks=True)

    first = client.post(path_of(message), **ENCODINGS[encoding])
    changed_at = Recipient.objects.get().updated_at
    second = client.post(path_of(message), **ENCODINGS[encoding])

    assert (first.status_code, second.status_code) == (200, 200)
    assert Recipient.objects.get().denylist_email and Recipient.objects.get().updated_at == changed_at
    assert not first.cookies and not second.cookies


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "head", "options", "put", "patch", "delete", "trace"])
def test_d04_no_other_method_unsubscribes(method: str) -> None:
    message = make_message(make_recipient())

    answer = getattr(Client(), method)(path_of(message))

    assert answer.status_code in (200, 405)
    assert not Recipient.objects.get().denylist_email and not TrackingLog.objects.exists()


@pytest.mark.chromium
@pytest.mark.django_db(transaction=True)
def test_d04_a_scanner_that_runs_scripts_changes_nothing_and_a_person_s_click_does(
    live_server: LiveServer, browser: Browser
) -> None:
    message = make_message(make_recipient())
    page = browser.new_page(java_script_enabled=True)

    page.goto(live_server.url + path_of(message))
    page.mouse.move(200, 200)
    page.wait_for_timeout(SECONDS_ON_THE_PAGE * 1000)
    assert not Recipient.objects.get().denylist_email and not TrackingLog.objects.exists()

    page.locator("form button[type=submit]").click()
    page.wait_for_load_state()
    assert Recipient.objects.get().denylist_email
    page.context.close()
