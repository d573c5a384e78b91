"""One person and one delivery: the verdict, the way, and what would have changed it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from deliveries.models import Broadlog, Delivery, MessageStatus
from operations.models import Population
from recipients.models import Recipient
from recipients.vocabulary import FailureReason
from tests.deliveries.factories import analyse, make_activity, make_delivery, quarantine, run_once
from tests.deliveries.rows import doubt, make_ready, make_started, record, rows_of
from tests.factories import make_recipient, make_recipients
from tracking.models import HitKind, TrackingLog, Verdict

pytestmark = pytest.mark.django_db
FRENCH = {"field": "country_code", "op": "equals", "value": "FR"}
ADULT = {"field": "birth_date", "op": "lt", "value": "2000-01-01"}


@pytest.fixture
def now() -> datetime:
    return timezone.now() - timedelta(minutes=1)


def why(client: Client, delivery: Delivery, recipient: int | None) -> str:
    answer = client.get(f"/admin/deliveries/delivery/{delivery.pk}/why/{recipient}/")
    assert answer.status_code == 200
    return answer.content.decode()


def sent(now: datetime) -> tuple[Delivery, Broadlog]:
    delivery = make_started(now, people=1)
    (row,) = rows_of(delivery)
    record([row], MessageStatus.SENT, now)
    return delivery, row


def hit(row: Broadlog, verdict: str, now: datetime) -> None:
    TrackingLog.objects.create(
        delivery_id=row.delivery_id,
        broadlog=row,
        recipient_id=row.recipient_id,
        kind=HitKind.OPEN,
        at=now,
        verdict=verdict,
    )


def test_a_message_that_left_is_handed_over_until_a_person_reacts(admin_client: Client, now: datetime) -> None:
    delivery, row = sent(now)
    hit(row, Verdict.SCANNER, now)

    assert "<h2>Handed over</h2>" in why(admin_client, delivery, row.recipient_id)
    hit(row, Verdict.HUMAN, now)
    assert "<h2>Received (open on" in why(admin_client, delivery, row.recipient_id)


def test_a_person_who_was_excluded_sees_the_rule_with_its_evidence_and_the_later_ones_not_reached(
    admin_client: Client, now: datetime
) -> None:
    people = make_recipients(3)
    for person in people[:2]:
        quarantine(person.email)
    delivery = make_ready(now)

    html = why(admin_client, delivery, people[0].pk)

    assert "Not received: address in quarantine" in html
    assert "None of these applied: Address not specified, Invalid address, Denylisted" in html
    assert "Quarantine since" in html
    way = html.split("</pre>")[1]
    assert way.index("Rule: Address in quarantine") < way.index("dropped here") < way.index("Not reached")
    assert "The address released from quarantine" in html
    assert "1 other person was kept back for this reason" in html


def test_a_failure_and_a_doubt_have_their_own_verdicts(admin_client: Client, now: datetime) -> None:
    delivery = make_started(now, people=2)
    failed, doubtful = rows_of(delivery)
    record([failed], MessageStatus.FAILED, now, failure_reason=FailureReason.USER_UNKNOWN, failure_detail="550 no")
    doubt(doubtful, now)

    html = why(admin_client, delivery, failed.recipient_id)
    assert "Not received: user unknown" in html
    assert "550 no" in html
    assert "<h2>In doubt</h2>" in why(admin_client, delivery, doubtful.recipient_id)


def test_who_was_not_targeted_sees_the_criteria_with_the_values_and_the_first_that_failed(
    admin_client: Client, now: datetime
) -> None:
    person = make_recipient(1, country_code="FR", birth_date="2004-05-06")
    delivery = make_delivery(now, target={"all": [FRENCH, ADULT, {"field": "language", "op": "equals", "value": "de"}]})
    analyse(delivery, now=now)

    html = why(admin_client, delivery, person.pk)

    assert "<h2>Not targeted</h2>" in html
    assert "birth date: 6 May 2004" in html
    assert [part[:4] for part in html.split('<li class="')[1:] if part[:4] in ("held", "fail")] == ["held"] + [
        "fail"
    ] * 2
    assert "Target keeps only: Recipients whose birth date is before 1 January 2000" in html


def test_a_workflow_tells_the_way_and_forgotten_populations_are_said(admin_client: Client, now: datetime) -> None:
    delivery = run_once(make_activity("recurring_delivery", action="prepare"), make_recipients(1), now=now)
    (row,) = rows_of(delivery)
    run = delivery.workflow_run
    assert run is not None

    html = why(admin_client, delivery, row.recipient_id)
    assert f"Run #{run.pk} of" in html
    assert "Content, version 1" in html
    assert "not kept any more" not in html

    task = run.tasks.get()
    task.memo = {"fired": {"out": (Population.objects.order_by("-pk").values_list("pk", flat=True)[0]) + 99}}
    task.save()
    assert "not kept any more" in why(admin_client, delivery, row.recipient_id)


def test_every_message_of_a_continuous_delivery_is_named_with_its_version(admin_client: Client, now: datetime) -> None:
    people = make_recipients(1)
    activity = make_activity("continuous_delivery", action="prepare", already_in_delivery="send_again")
    run_once(activity, people, now=now - timedelta(days=1))
    delivery = run_once(activity, people, now=now)
    rows = rows_of(delivery)
    assert len(rows) == 2

    html = why(admin_client, delivery, people[0].pk)

    assert all(f'<dd class="mono">{row.pk}</dd>' in html for row in rows)
    assert html.count("Content, version") >= 2


def test_the_page_is_copied_as_text(admin_client: Client, now: datetime) -> None:
    delivery, row = sent(now)

    html = why(admin_client, delivery, row.recipient_id)

    text = html[html.index('id="why-text"') :].split("</pre>")[0]
    assert 'data-copy="#why-text"' in html
    assert f"(DM{delivery.pk})" in text
    assert "Delivery log: Sent" in text


def test_a_delivery_is_found_by_number_or_label(admin_client: Client, now: datetime) -> None:
    delivery, row = sent(now)
    make_delivery(now, label="Birthday again")
    address = f"/admin/deliveries/delivery/why/{row.recipient_id}/"

    by_number = admin_client.get(address, {"delivery": f"dm{delivery.pk}"})
    assert by_number["Location"] == f"/admin/deliveries/delivery/{delivery.pk}/why/{row.recipient_id}/"
    assert "Birthday again" in admin_client.get(address, {"delivery": "birth"}).content.decode()
    assert "No delivery with this number" in admin_client.get(address, {"delivery": "xmas"}).content.decode()


def test_who_may_not_see_people_may_not_ask_about_them(client: Client, now: datetime) -> None:
    delivery, row = sent(now)
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    client.force_login(user)

    assert client.get(f"/admin/deliveries/delivery/{delivery.pk}/why/{row.recipient_id}/").status_code == 403
    assert client.get(f"/admin/deliveries/delivery/why/{row.recipient_id}/").status_code == 403


def test_the_page_needs_few_queries(admin_client: Client, now: datetime, django_assert_max_num_queries: Any) -> None:
    delivery, row = sent(now)
    assert Recipient.objects.exists()

    with django_assert_max_num_queries(30):
        why(admin_client, delivery, row.recipient_id)
