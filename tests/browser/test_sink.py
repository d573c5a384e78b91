"""The sink's page: a mail is read in its frame, its pixel counts an open, its link a click."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from campaign_site.sink.store import SinkStore
from deliveries.channels.base import OutgoingRow
from deliveries.channels.registry import channels
from deliveries.models import Broadlog, ContentVersion, Delivery
from tests.browser.test_pages import _log_in
from tests.deliveries.factories import make_activity, make_template, run_once
from tests.factories import make_recipients
from tracking.models import TrackingLog

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
HTML = (
    '<p>Hello <a href="https://www.example.com/gift">Gift</a> <a href="{{ message.unsubscribe_url }}">No more</a></p>'
)


def test_a_mail_is_read_and_its_link_clicked_in_the_frame(
    browser: Browser, live_server: LiveServer, settings: Settings, tmp_path: Path, now: datetime
) -> None:
    settings.VAR_DIR, settings.TRACKING_BASE_URL = tmp_path, live_server.url
    get_user_model().objects.create_superuser("marketer", password="correct horse battery staple")
    _take_in(tmp_path / "sink", _sent_mail(now))
    context = browser.new_context(locale="en")
    context.route("https://www.example.com/**", lambda route: route.fulfill(body="the shop"))
    page = context.new_page()
    _log_in(page, live_server.url)

    page.goto(f"{live_server.url}/admin/sink/")
    page.locator("#content a[href*='/admin/sink/']").first.click()
    with page.expect_popup() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Gift").click()

    opened.value.wait_for_url("https://www.example.com/gift")
    assert set(TrackingLog.objects.values_list("kind", flat=True)) == {"open", "click"}
    context.close()


def _sent_mail(now: datetime) -> bytes:
    activity = make_activity("recurring_delivery", template=make_template(html=HTML).pk)
    delivery: Delivery = run_once(activity, make_recipients(1), now=now)
    row = Broadlog.objects.select_related("recipient").get(delivery=delivery)
    recipient: dict[str, Any] = {"id": row.recipient_id, "first_name": "Ada", "language": "en", "attributes": {}}
    renderer = channels.get("email").renderer(delivery, ContentVersion.objects.get(delivery=delivery))
    return renderer.render(OutgoingRow(row.pk, row.address, recipient)).content


def _take_in(folder: Path, content: bytes) -> None:
    store = SinkStore(folder)
    store.prepare()
    store.add(sender="b@example.com", recipients=["person1@example.com"], content=content, now=datetime.now(tz=UTC))
    store.flush()
