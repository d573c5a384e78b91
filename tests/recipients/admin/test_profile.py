"""The page of a person: can we write to them, who they are, and what happened day by day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from deliveries.models import Broadlog, MessageStatus
from recipients.models import Attribute, Quarantine, Recipient, Service, Subscription, SubscriptionEvent
from tests.deliveries.rows import make_started, record, rows_of
from tests.factories import make_recipient
from tests.operations.factories import make_list
from tracking.models import HitKind, TrackingLog, Verdict

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return timezone.now() - timedelta(minutes=1)


def page(client: Client, person: Recipient, tab: str = "change", **query: Any) -> str:
    answer = client.get(f"/admin/recipients/recipient/{person.pk}/{tab}/", query)
    assert answer.status_code == 200
    return answer.content.decode()


def message_to(person: Recipient, now: datetime) -> Broadlog:
    delivery = make_started(now)
    row = next(row for row in rows_of(delivery) if row.recipient_id == person.pk)
    record([row], MessageStatus.SENT, now)
    return row


def hit(row: Broadlog, verdict: str, now: datetime) -> TrackingLog:
    values = {"broadlog": row, "recipient_id": row.recipient_id, "kind": HitKind.OPEN, "user_agent": f"by-{verdict}"}
    return TrackingLog.objects.create(delivery_id=row.delivery_id, at=now, verdict=verdict, **values)


def test_each_channel_says_whether_we_can_write_and_why_not(admin_client: Client, now: datetime) -> None:
    person = make_recipient(1, mobile_phone="+33612345678", denylist_sms=True)
    Quarantine.objects.create(
        **{"channel": "email", "address": person.email, "status": Quarantine.Status.QUARANTINED},
        **{"error_text": "550 5.1.1 unknown", "last_error_at": now, "delivery_label": "Spring", "failure_reason": 1},
    )

    html = page(admin_client, person)

    assert "Can we write to First1?" in html
    assert "550 5.1.1 unknown" in html
    assert "in “Spring”" in html
    assert "Denylisted" in html
    assert "no longer contact by SMS" in html


def test_consent_is_told_for_each_service(admin_client: Client, now: datetime) -> None:
    person = make_recipient(1)
    news, alerts = Service.objects.create(label="News"), Service.objects.create(label="Alerts")
    Subscription.objects.create(service=news, recipient=person, created_at=now)
    SubscriptionEvent.objects.create(service=alerts, recipient=person, action="unsubscribe", origin="page 4", at=now)

    html = page(admin_client, person)

    assert html.index("News") < html.index("subscribed ") < html.index("unsubscribed ")
    assert "From: page 4" in html


def test_attributes_stand_under_their_labels_and_lists_are_named(admin_client: Client) -> None:
    Attribute.objects.create(
        name="card", label="Loyalty card", kind="choice", choices=[{"value": "g", "label": "Gold"}]
    )
    person = make_recipient(1, birth_date="1984-09-22", attributes={"card": "g", "shoe_size": 42})
    make_list([person], label="Wine lovers")

    html = page(admin_client, person)

    for text in ("Loyalty card", "Gold", "Shoe_size", "42", "22 September 1984", "Wine lovers"):
        assert text in html, text


def test_the_timeline_tells_messages_with_the_question_and_machine_hits_when_asked(
    admin_client: Client, now: datetime
) -> None:
    person = make_recipient(1)
    row = message_to(person, now)
    hit(row, Verdict.HUMAN, now)
    hit(row, Verdict.SCANNER, now)

    html = page(admin_client, person)
    assert f"/admin/deliveries/delivery/{row.delivery_id}/why/{person.pk}/" in html
    assert "Why received?" in html
    assert "by-human" in html
    assert "by-scanner" not in html
    assert "by-scanner" in page(admin_client, person, machines=1)


def test_the_timeline_is_filtered_and_goes_on_further_back(
    admin_client: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recipients.admin.profile.PAGE", 2)
    person = make_recipient(1)
    row = message_to(person, now)
    for hour in range(3):
        hit(row, Verdict.HUMAN, now + timedelta(hours=hour))

    first = admin_client.get(f"/admin/recipients/recipient/{person.pk}/change/", {"show": "hit"})
    assert first.content.decode().count("by-human") == 2
    older = page(admin_client, person, show="hit", before=first.context["older"])
    assert older.count("by-human") == 1
    assert "by-human" not in page(admin_client, person, show="message")


def test_pressure_counts_what_left_and_any_delivery_can_be_asked_about(admin_client: Client, now: datetime) -> None:
    person = make_recipient(1)
    message_to(person, now - timedelta(days=10))

    html = page(admin_client, person)

    assert "0 messages" in html
    assert "1 message<" in html
    assert f"/admin/deliveries/delivery/why/{person.pk}/" in html


def test_the_form_is_the_second_tab(admin_client: Client) -> None:
    person = make_recipient(1)

    assert 'name="email"' in page(admin_client, person, "properties")


def test_who_may_not_see_logs_sees_no_messages(client: Client, now: datetime) -> None:
    person = make_recipient(1)
    row = message_to(person, now)
    hit(row, Verdict.HUMAN, now)
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_recipient"))
    client.force_login(user)

    html = page(client, person)

    assert "Why received?" not in html
    assert "by-human" not in html


def test_the_page_needs_few_queries(admin_client: Client, now: datetime, django_assert_max_num_queries: Any) -> None:
    person = make_recipient(1)
    row = message_to(person, now)
    for _each in range(5):
        hit(row, Verdict.HUMAN, now)
    page(admin_client, person)

    with django_assert_max_num_queries(20):
        page(admin_client, person)
