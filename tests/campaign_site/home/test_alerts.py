"""What needs somebody: only what a person can end, worst first, each with one remedy."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.test import RequestFactory
from django.urls import reverse

from campaign_site.home.alerts import Alert, alerts_card
from campaign_site.home.viewpoint import viewpoint_of
from deliveries.models import DeliveryState
from deliveries.models.inbound import InboundSource
from deliveries.routes import ensure_default_route, pause_route
from installation.models import Process
from operations.models import Assignment, RunState, Workflow, WorkflowRun, WorkflowState
from tests.campaign_site.home.factories import all_alive, finished, make_row, sending
from tests.deliveries.factories import make_activity, make_task
from tests.deliveries.inbound.boxes import make_box, read_box

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


@pytest.fixture
def chief() -> User:
    return User.objects.create_superuser("chief")


def alerts(user: User | AnonymousUser, now: datetime) -> list[Alert]:
    request = RequestFactory().get("/admin/")
    request.user = user
    found: list[Alert] = alerts_card(viewpoint_of(request, now))["alerts"]
    return found


def titles(user: User, now: datetime) -> list[str]:
    return [alert.title for alert in alerts(user, now)]


def test_where_everything_goes_well_nothing_needs_anybody(chief: User, now: datetime) -> None:
    all_alive(now)
    sending(now, in_doubt=0)

    assert alerts(chief, now) == []


def test_a_missing_process_is_one_thing_with_its_command_however_much_waits(chief: User, now: datetime) -> None:
    all_alive(now)
    Process.objects.filter(kind=Process.Kind.WORKER).delete()
    for _place in range(3):
        make_row(DeliveryState.START_PENDING, contact_date=now - timedelta(minutes=5), confirmed_at=now)

    found = alerts(chief, now)

    assert [(alert.title, alert.command) for alert in found] == [("No worker is alive", "./diffusion worker")]


def test_a_delivery_that_waits_for_its_confirmation_is_one(chief: User, now: datetime) -> None:
    all_alive(now)
    delivery = make_row(DeliveryState.READY, targeted=41_250, pending=41_250)

    (alert,) = alerts(chief, now)

    assert alert.title == "“Wine fair” waits for its confirmation"
    assert alert.evidence.startswith("41,250 messages are prepared.")
    assert alert.url == reverse("admin:deliveries_delivery_change", args=[delivery.pk])


def test_a_failed_preparation_says_what_failed(chief: User, now: datetime) -> None:
    all_alive(now)
    make_row(DeliveryState.PREPARATION_FAILED, error="Line 12: unknown field")

    (alert,) = alerts(chief, now)

    assert (alert.tone, alert.evidence) == ("bad", "Line 12: unknown field")


def test_messages_in_doubt_are_settled_in_a_dialog_by_whoever_may(chief: User, now: datetime) -> None:
    all_alive(now)
    delivery = finished(now - timedelta(days=40), in_doubt=13)
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_delivery"))

    (alert,) = alerts(chief, now)
    (seen,) = alerts(looker, now)

    assert alert.title == "13 messages in doubt"
    assert alert.is_dialog
    assert alert.url == reverse("admin:deliveries_delivery_action", args=[delivery.pk, "settle"])
    assert seen.remedy == "See them"


def test_a_failed_workflow_is_told_once_with_its_error_and_can_be_resumed(chief: User, now: datetime) -> None:
    all_alive(now)
    activity = make_activity("recurring_delivery")
    for hour in (2, 1):
        make_task(activity, scheduled_for=now - timedelta(hours=hour))
    WorkflowRun.objects.update(state=RunState.FAILED, error="refused the connection")
    Workflow.objects.update(failed=True, state=WorkflowState.PAUSED)

    (alert,) = alerts(chief, now)

    assert (alert.title, alert.evidence) == ("“Every week” has failed", "refused the connection")
    assert alert.is_post
    assert alert.url.endswith("/do/resume/")
    assert f"?run={WorkflowRun.objects.latest('pk').pk}" in alert.more_url


def test_what_a_workflow_asks_is_shown_to_whom_it_asks(chief: User, now: datetime) -> None:
    all_alive(now)
    asked, other = User.objects.create_user("asked"), User.objects.create_user("other")
    task = make_task(make_activity("recurring_delivery"), scheduled_for=now)
    Assignment.objects.create(task=task, kind=Assignment.Kind.APPROVAL, title="Send it?", user=asked, created_at=now)

    assert titles(asked, now) == ["Send it?"]
    assert titles(other, now) == []


def test_a_route_that_rests_is_told_until_its_time_has_come(chief: User, now: datetime) -> None:
    all_alive(now)
    route = ensure_default_route()
    pause_route(route_id=route.pk, reason="421 too many", now=now, until=now + timedelta(minutes=10))

    (alert,) = alerts(chief, now)

    assert alert.evidence == "421 too many"
    assert titles(chief, now + timedelta(seconds=20)) != []
    later = now + timedelta(minutes=11)
    Process.objects.update(heartbeat_at=later)
    assert titles(chief, later) == []


@pytest.mark.parametrize("enabled", [True, False])
def test_an_inbound_source_that_fails_says_why_until_it_is_read_again(
    enabled: bool, chief: User, now: datetime, tmp_path: Path
) -> None:
    all_alive(now)
    source = make_box(tmp_path / "box")
    InboundSource.objects.update(enabled=enabled)
    (tmp_path / "box" / "new").rename(tmp_path / "box" / "away")
    read_box(source, now)

    found = alerts(chief, now)
    (tmp_path / "box" / "away").rename(tmp_path / "box" / "new")
    read_box(source, now)

    page = reverse("admin:deliveries_inboundsource_change", args=[source.pk])
    assert [(alert.title, alert.url) for alert in found] == ([("“Bounces” is not read", page)] if enabled else [])
    assert all("is no Maildir that we may read" in alert.evidence for alert in found)
    assert alerts(chief, now) == []


def test_an_inbound_source_that_nobody_has_read_for_an_hour_is_told_to_whom_it_concerns(
    chief: User, now: datetime, tmp_path: Path
) -> None:
    source = make_box(tmp_path / "box")
    read_box(source, now)
    InboundSource.objects.create(label="Pushed", kind="webhook", url="mailgun")
    all_alive(now + timedelta(minutes=61))
    stranger = User.objects.create_user("stranger", is_staff=True)

    (alert,) = alerts(chief, now + timedelta(minutes=61))

    assert (alert.title, alert.tone, alert.since) == ("“Bounces” is not read", "warn", now)
    assert alert.evidence == "Nobody has read it for an hour: bounces wait there."
    assert titles(stranger, now + timedelta(minutes=61)) == []
    Process.objects.update(heartbeat_at=now + timedelta(minutes=59))
    assert titles(chief, now + timedelta(minutes=59)) == []


def test_the_worst_comes_first(chief: User, now: datetime) -> None:
    all_alive(now)
    make_row(DeliveryState.READY)
    sending(now)
    make_row(DeliveryState.PREPARATION_FAILED)

    assert [alert.tone for alert in alerts(chief, now)] == ["bad", "doubt", "warn"]
