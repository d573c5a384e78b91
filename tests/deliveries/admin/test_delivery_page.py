"""The page of a delivery, tab by tab: what it says, what it costs, what its buttons ask before they act."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from deliveries.models import Affinity, Broadlog, Delivery, DeliveryMinute, MessageStatus
from installation.models import AuditEntry
from operations.models import Workflow, WorkflowState
from tests.deliveries.factories import analyse, make_activity, make_delivery, run_once
from tests.deliveries.rows import doubt, make_process, make_ready, make_started, record, rows_of, state_of
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db
TABS = ["change", "content", "logs", "audit", "properties", "tracking", "live"]


@pytest.fixture
def now() -> datetime:
    return timezone.now() - timedelta(minutes=1)


@pytest.fixture
def tab(admin_client: Client) -> Callable[..., str]:
    def read(delivery: Delivery, name: str = "change", **query: Any) -> str:
        answer = admin_client.get(f"/admin/deliveries/delivery/{delivery.pk}/{name}/", query)
        assert answer.status_code == 200, answer
        return answer.content.decode()

    return read


@pytest.fixture
def press(admin_client: Client) -> Callable[..., str]:
    def post(delivery: Delivery, button: str, **data: Any) -> str:
        url = f"/admin/deliveries/delivery/{delivery.pk}/do/{button}/"
        return admin_client.post(url, data, follow=True).content.decode()

    return post


def make_occurrence(now: datetime, people: int = 3) -> Delivery:
    return run_once(make_activity("recurring_delivery", action="prepare"), make_recipients(people), now=now)


def buttons(html: str) -> set[str]:
    import re

    return set(re.findall(r"/do/([a-z_]+)/", html[: html.index('class="tabs"')]))


def test_every_tab_opens_in_every_state(tab: Callable[..., str], now: datetime) -> None:
    make_recipients(2)
    deliveries = [make_delivery(now, target=None), make_ready(now), make_started(now), make_occurrence(now)]

    for delivery in deliveries:
        for name in TABS:
            tab(delivery, name)


def test_the_actions_are_those_of_the_state(tab: Callable[..., str], now: datetime) -> None:
    draft, ready, started = make_delivery(now), make_ready(now), make_started(now)
    finished = make_started(now)
    Delivery.objects.filter(pk=finished.pk).update(state=95)

    assert buttons(tab(draft)) == {"prepare", "proof"}
    assert {"confirm", "stop"} <= buttons(tab(ready))
    assert "pause" not in buttons(tab(ready))
    assert {"pause", "stop"} <= buttons(tab(started))
    assert "confirm" not in buttons(tab(started))
    assert {"recompute", "export"} <= buttons(tab(finished))
    assert not {"pause", "stop", "proof"} & buttons(tab(finished))


def test_a_viewer_sees_every_tab_no_command_and_who_may(client: Client, now: datetime) -> None:
    delivery = make_started(now)
    user = User.objects.create_user("viewer", is_staff=True)
    for name in ("view_delivery", "view_broadlog"):
        user.user_permissions.add(Permission.objects.get(codename=name))
    client.force_login(user)

    html = client.get(f"/admin/deliveries/delivery/{delivery.pk}/change/").content.decode()

    assert not buttons(html)
    assert "You may look, not act" in html
    assert client.get(f"/admin/deliveries/delivery/{delivery.pk}/logs/").status_code == 200
    assert client.get(f"/admin/deliveries/delivery/{delivery.pk}/tracking/").status_code == 403


def test_the_account_shows_every_status_with_its_reasons_and_adds_up(tab: Callable[..., str], now: datetime) -> None:
    make_recipients(5)
    make_recipient(6, denylist_email=True)
    delivery = make_started(now)
    rows = [row for row in rows_of(delivery) if row.status == MessageStatus.PENDING]
    record(rows[:1], MessageStatus.SENT, now)
    record(rows[1:3], MessageStatus.FAILED, now, failure_type=2, failure_reason=5)
    doubt(rows[3], now)

    html = " ".join(tab(delivery).split())

    assert "adds up" in html
    assert "mailbox full: 2" in html
    assert "denylisted address: 1" in html
    assert 'data-status="in_doubt"' in html


def test_an_account_that_is_off_says_by_how_much_and_which_command_tells_more(
    tab: Callable[..., str], now: datetime
) -> None:
    delivery = make_started(now)
    Delivery.objects.filter(pk=delivery.pk).update(pending=delivery.pending - 1)

    html = tab(delivery)

    assert "is off by 1" in html
    assert f"./diffusion ledger {delivery.pk}" in html


def test_reasons_of_a_long_log_come_from_a_sample_that_is_said(
    tab: Callable[..., str], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = make_started(now)
    record(rows_of(delivery)[:2], MessageStatus.FAILED, now, failure_type=1, failure_reason=1)
    monkeypatch.setattr("deliveries.admin.account.COUNTED_ROWS", 2)

    assert "in a sample of 3 messages: user unknown: 2" in tab(delivery)


def test_the_pending_card_comes_first_with_its_remedies_and_the_checks_that_pass(
    tab: Callable[..., str], press: Callable[..., str], now: datetime
) -> None:
    premium, standard = Affinity.objects.create(name="premium"), Affinity.objects.create(name="standard")
    delivery = make_started(now)
    Delivery.objects.filter(pk=delivery.pk).update(affinity=premium)
    for kind in ("worker", "beat"):
        make_process(kind, timezone.now())
    make_process("mta", timezone.now(), affinities=["standard"])

    html = tab(delivery)

    assert html.index('data-code="affinity_unserved"') < html.index("To send")
    assert "./diffusion mta start --affinity premium" in html
    assert "Send through “standard”" in html
    assert 'data-check="worker_down"' in html
    assert "1 process, last heartbeat" in html
    press(delivery, "send_through", affinity=standard.pk)
    assert 'data-code="affinity_unserved"' not in tab(delivery)


def test_a_failed_preparation_tells_line_and_field_and_can_be_started_again(
    tab: Callable[..., str], now: datetime
) -> None:
    make_recipient(1)
    delivery = make_delivery(now, html="{{ recipient.shoe_size }}")
    analyse(delivery, now=now)

    html = tab(delivery)

    assert "line 1" in html
    assert "recipient.shoe_size" in html
    assert "Restart the preparation" in html


def test_stopping_an_occurrence_asks_which_and_the_series_ends_when_that_is_chosen(
    admin_client: Client, press: Callable[..., str], now: datetime
) -> None:
    occurrence = make_occurrence(now)
    Workflow.objects.update(state=WorkflowState.STARTED)
    record(rows_of(occurrence)[:1], MessageStatus.SENT, now)
    doubt(rows_of(occurrence)[1], now)

    html = admin_client.get(f"/admin/deliveries/delivery/{occurrence.pk}/do/stop/").content.decode()

    assert "1 message has not left. 1 has already been handed over" in html
    assert "1 message in doubt stays to be settled." in html
    assert html.index("This occurrence only") < html.index("The whole series")
    assert "Keep sending" in html
    press(occurrence, "stop", choice="series", reason="Wrong voucher")
    assert (state_of(occurrence), Workflow.objects.get().state) == ("stopped", WorkflowState.FINISHED)
    entry = AuditEntry.objects.get(action="stop")
    assert (entry.reason, entry.detail) == ("Wrong voucher", {"choice": "series"})


def test_without_a_choice_only_the_occurrence_stops(press: Callable[..., str], now: datetime) -> None:
    occurrence = make_occurrence(now)
    Workflow.objects.update(state=WorkflowState.STARTED)

    press(occurrence, "stop")

    assert (state_of(occurrence), Workflow.objects.get().state) == ("stopped", WorkflowState.STARTED)


def test_the_log_is_read_page_by_page_and_back_without_missing_or_doubling_anybody(
    admin_client: Client, now: datetime
) -> None:
    delivery = make_ready(now, people=120)
    address = f"/admin/deliveries/delivery/{delivery.pk}/logs/"

    def shown(query: str) -> tuple[list[int], Any]:
        context = admin_client.get(address + query).context
        return [row.message.recipient_id for row in context["rows"]], context

    seen, context = shown("")
    first = seen
    while context["next_url"]:
        page, context = shown(context["next_url"])
        seen = seen + page
    assert seen == sorted(set(seen))
    assert len(seen) == 120
    while context["previous_url"]:
        page, context = shown(context["previous_url"])
    assert page == first


def test_the_log_is_filtered_by_status_and_searched_within_the_delivery(tab: Callable[..., str], now: datetime) -> None:
    delivery = make_started(now)
    sent, doubtful, waiting = rows_of(delivery)
    record([sent], MessageStatus.SENT, now)
    doubt(doubtful, now)

    assert sent.address in tab(delivery, "logs", status="sent")
    assert waiting.address not in tab(delivery, "logs", status="sent")
    assert doubtful.address not in tab(delivery, "logs", status="pending")
    assert doubtful.address in tab(delivery, "logs", status="in_doubt")
    assert sent.address not in tab(delivery, "logs", q=waiting.address.upper())
    assert waiting.address in tab(delivery, "logs", q=str(waiting.recipient_id))
    assert "No message matches" in tab(delivery, "logs", q="nobody@example.com")


def test_a_row_in_doubt_is_settled_from_the_log(press: Callable[..., str], now: datetime) -> None:
    delivery = make_started(now)
    first, other, _third = rows_of(delivery)
    doubt(first, now)
    doubt(other, now)

    html = press(delivery, "settle", choice="sent", broadlog=first.pk)

    assert "1 message is assumed sent." in html
    assert Broadlog.objects.get(pk=first.pk).status == MessageStatus.SENT
    assert Broadlog.objects.get(pk=other.pk).in_doubt_since is not None


def test_the_log_is_exported_line_by_line(admin_client: Client, now: datetime) -> None:
    delivery = make_ready(now)

    answer = admin_client.post(f"/admin/deliveries/delivery/{delivery.pk}/do/export/")

    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 4
    assert lines[0].startswith("id,recipient,address,status")


def test_figures_that_are_off_are_computed_again(
    tab: Callable[..., str], press: Callable[..., str], now: datetime
) -> None:
    delivery = make_started(now)
    record(rows_of(delivery), MessageStatus.SENT, now)
    Delivery.objects.filter(pk=delivery.pk).update(state=95, sent=1)

    assert "they were off by 2" in press(delivery, "recompute")
    assert "adds up" in tab(delivery)


def test_the_content_is_seen_as_somebody_of_the_target_and_as_the_next(tab: Callable[..., str], now: datetime) -> None:
    outside, *_inside = make_recipients(4)
    delivery = run_once(make_activity("email_delivery"), _inside, now=now)
    first, second, _third = rows_of(delivery)

    html = tab(delivery, "content")

    assert f"recipient={first.recipient_id}" in html
    assert "First2" in html
    assert f"recipient={second.recipient_id}" in html
    assert f"?recipient={outside.pk}" not in html
    assert "There is no such recipient" in tab(delivery, "content", recipient="nobody")


def test_a_continuous_delivery_shows_its_versions_with_the_messages_of_each(
    tab: Callable[..., str], now: datetime
) -> None:
    activity = make_activity("continuous_delivery")
    people = make_recipients(5)
    delivery = run_once(activity, people[:2], now=now)
    assert delivery.template is not None
    delivery.template.html = delivery.template.html.replace("Hello", "Good morning")
    delivery.template.save()
    run_once(activity, people[2:], now=now + timedelta(hours=1))

    html = " ".join(tab(delivery, "content").split())

    assert html.index('data-l="Messages">3<') < html.index('data-l="Messages">2<')
    shown = tab(delivery, "preview", version=1, recipient=people[0].pk)
    assert "Hello First1" in shown
    assert "Good morning" in tab(delivery, "preview", version=2, recipient=people[0].pk)


def test_the_audit_tells_who_did_what_and_can_be_narrowed(
    tab: Callable[..., str], press: Callable[..., str], now: datetime
) -> None:
    delivery = make_started(now)
    press(delivery, "pause")

    html = tab(delivery, "audit")

    assert "Paused" in html
    assert "people targeted" in html
    assert "Paused" not in tab(delivery, "audit", group="analysis").split("What happened")[1]


def test_minutes_become_a_curve_with_what_is_expected(tab: Callable[..., str], now: datetime) -> None:
    delivery = make_started(now)
    minute = timezone.now().replace(second=0, microsecond=0)
    for ago in (1, 2, 3):
        DeliveryMinute.objects.create(delivery=delivery, minute=minute - timedelta(minutes=ago), processed=10 * ago)

    html = tab(delivery)

    assert "at most 30, lately 10" in html
    assert "12/min, ends about" in html
    assert "Expected" in html


def test_the_live_fragment_has_the_regions_that_move(tab: Callable[..., str], now: datetime) -> None:
    delivery = make_started(now)

    html = tab(delivery, "live")

    assert html.count("data-moving") == 2
    assert "<html" not in html
    Delivery.objects.filter(pk=delivery.pk).update(state=95)
    assert "data-moving" not in tab(delivery, "live")


@pytest.mark.parametrize(("name", "most"), [("change", 45), ("live", 25), ("logs", 20), ("content", 25), ("audit", 25)])
def test_a_tab_costs_the_same_for_three_messages_and_for_sixty(
    admin_client: Client, now: datetime, django_assert_max_num_queries: Any, name: str, most: int
) -> None:
    delivery = make_ready(now, people=60)

    with django_assert_max_num_queries(most) as captured:
        admin_client.get(f"/admin/deliveries/delivery/{delivery.pk}/{name}/")

    unbounded = [query["sql"] for query in captured.captured_queries if "COUNT(*)" in query["sql"]]
    assert not [sql for sql in unbounded if "deliveries_broadlog" in sql]
