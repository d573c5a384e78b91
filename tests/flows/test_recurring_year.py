"""A birthday series through a whole year: each Monday at six in Paris one delivery, whatever becomes of the ticks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django_celery_beat.models import PeriodicTask
from rest_framework.test import APIClient

from deliveries import control, ledger
from deliveries.models import (
    Broadlog,
    ContentVersion,
    Delivery,
    DeliveryKind,
    DeliverySeries,
    DeliveryState,
    DeliveryTemplate,
    MessageStatus,
    TrackedUrl,
)
from operations import services
from operations.models import RunState, Workflow, WorkflowRun, WorkflowState
from operations.schedules import start_due_runs
from recipients.models import Recipient
from tests.conftest import PARIS
from tests.deliveries.factories import make_template
from tests.flows.series import HTML, pump, scheduler, send, start_line
from tests.operations.factories import activity

pytestmark = pytest.mark.django_db
WEEKS = 52
# The clock on the wall: six in the morning, whatever the offset is that day.
FIRST = datetime(2025, 10, 6, 6, 0, tzinfo=PARIS)
EDITED_IN_WEEK = 20


def monday(week: int) -> datetime:
    """The instant of the week's run; the first week is 1."""
    return FIRST + timedelta(weeks=week - 1)


def instant(week: int) -> datetime:
    return monday(week).astimezone(UTC)


def make_people() -> None:
    """For each Monday of the year two people who were born on that day, one of whom wants no mail."""
    days = [monday(week).date() for week in range(1, WEEKS + 1)]
    Recipient.objects.bulk_create(
        Recipient(
            first_name=f"{name}{day:%m%d}",
            email=f"{name}{day:%m%d}@example.com",
            birth_date=day.replace(year=1980),
            denylist_email=name == "bob",
        )
        for day in days
        for name in ("ada", "bob")
    )
    Recipient.objects.create(first_name="Eve", email="eve@example.com", birth_date=date(1980, 10, 7))


def start_series() -> Workflow:
    make_people()
    template = make_template(label="Birthday", subject="Happy birthday {{ recipient.first_name }}", html=HTML)
    return start_line(
        scheduler("0 6 * * 1"),
        activity("who", "query", filter={"field": "birth_date", "op": "anniversary"}),
        activity("mail", "recurring_delivery", template=template.pk),
        now=datetime(2025, 10, 5, 12, 0, tzinfo=UTC),
    )


def let_ticks_come(workflow: Workflow, week: int) -> datetime:
    """The ticks of one week: lost, late, doubled, out of order, or as they should be. Returns when all is quiet."""
    now = instant(week)
    if week % 5 == 0:
        # Lost: nobody but a sweep looks, forty minutes later.
        now += timedelta(minutes=40)
    elif week % 5 == 1:
        # Late, after a tick that looked before the time had come.
        assert start_due_runs(now - timedelta(seconds=1)) == 0
        now += timedelta(minutes=25)
    elif week % 5 == 2:
        # Doubled, by two beats and by one whose clock is a week behind.
        assert [start_due_runs(now + timedelta(seconds=late)) for late in (0, 0, 3, 1)] == [1, 0, 0, 0]
        start_due_runs(now - timedelta(weeks=1))
    elif week % 5 == 3:
        # A tick at the wrong hour: that of the other half of the year.
        assert start_due_runs(now - timedelta(hours=1)) == 0
    pump(workflow, now)
    assert start_due_runs(now + timedelta(hours=1)) == 0
    return now + timedelta(minutes=5)


def occurrence(week: int) -> Delivery:
    return Delivery.objects.get(kind=DeliveryKind.RECURRING, occurrence=week)


def live_through_a_week(workflow: Workflow, week: int) -> Delivery:
    now = let_ticks_come(workflow, week)
    delivery = occurrence(week)
    assert delivery.state == DeliveryState.IN_PROGRESS, delivery.error
    send(delivery, now)
    return delivery


def edit_local_template(user: User, subject: str) -> None:
    client = APIClient()
    client.force_authenticate(user)
    number = DeliveryTemplate.objects.get(activity__isnull=False).pk
    answer = client.patch(f"/api/v1/delivery-templates/{number}/", {"subject": subject})
    assert answer.status_code == 200, answer.json()


def weeks_of(deliveries: list[Delivery]) -> Iterator[tuple[int, Delivery]]:
    return zip(range(1, WEEKS + 1), deliveries, strict=True)


def test_a_year_of_weekly_ticks_gives_52_deliveries_each_with_its_own_log(admin_user: User) -> None:
    workflow = start_series()
    for week in range(1, WEEKS + 1):
        if week == EDITED_IN_WEEK:
            edit_local_template(admin_user, "Many happy returns {{ recipient.first_name }}")
        live_through_a_week(workflow, week)

    check_runs(workflow)
    deliveries = list(Delivery.objects.order_by("pk"))
    check_series(deliveries)
    check_logs(deliveries)
    check_content(deliveries)
    assert ledger.check().ok


def check_runs(workflow: Workflow) -> None:
    runs = list(WorkflowRun.objects.filter(workflow=workflow).order_by("scheduled_for"))
    assert [run.scheduled_for for run in runs] == [instant(week) for week in range(1, WEEKS + 1)]
    local = {run.scheduled_for.astimezone(PARIS).strftime("%A %H:%M") for run in runs}
    assert local == {"Monday 06:00"}
    # Both clock changes lie within: the offset of the instants changes twice.
    offsets = [run.scheduled_for.hour for run in runs]
    assert [hour for hour, before in zip(offsets, [None, *offsets], strict=False) if hour != before] == [4, 5, 4]
    assert {(run.state, run.manual) for run in runs} == {(RunState.FINISHED, False)}


def check_series(deliveries: list[Delivery]) -> None:
    series = DeliverySeries.objects.get()
    for week, delivery in weeks_of(deliveries):
        assert (delivery.kind, delivery.series, delivery.occurrence) == (DeliveryKind.RECURRING, series, week)
        assert delivery.label == f"Birthday – {monday(week).date().isoformat()}"
        assert delivery.state == DeliveryState.FINISHED
        assert delivery.workflow_run is not None
        assert delivery.workflow_run.scheduled_for == instant(week)


def check_logs(deliveries: list[Delivery]) -> None:
    assert Broadlog.objects.count() == 2 * WEEKS
    for week, delivery in weeks_of(deliveries):
        day = f"{monday(week):%m%d}"
        rows = Broadlog.objects.filter(delivery=delivery).order_by("address")
        assert list(rows.values_list("address", "status")) == [
            (f"ada{day}@example.com", MessageStatus.SENT),
            (f"bob{day}@example.com", MessageStatus.IGNORED),
        ]
        assert {row.preparation.delivery_id for row in rows.select_related("preparation")} == {delivery.pk}
        assert (delivery.targeted, delivery.sent, delivery.ignored) == (2, 1, 1)


def check_content(deliveries: list[Delivery]) -> None:
    assert ContentVersion.objects.count() == WEEKS
    for week, delivery in weeks_of(deliveries):
        version = ContentVersion.objects.get(delivery=delivery)
        greeting = "Happy birthday" if week < EDITED_IN_WEEK else "Many happy returns"
        assert version.subject == f"{greeting} {{{{ recipient.first_name }}}}"
        urls = TrackedUrl.objects.filter(content_version=version).values_list("url", flat=True)
        assert "https://www.example.com/gift" in urls


def test_an_instant_that_nobody_looked_at_within_the_hour_is_made_up_for_by_the_latest_one() -> None:
    workflow = start_series()
    live_through_a_week(workflow, 1)

    # Three Mondays without beat, worker or sweep; then, on Thursday, all is back.
    pump(workflow, instant(4) + timedelta(days=3))

    states = WorkflowRun.objects.order_by("scheduled_for").values_list("scheduled_for", "state")
    assert list(states) == [
        (instant(1), RunState.FINISHED),
        (instant(2), RunState.SKIPPED),
        (instant(3), RunState.SKIPPED),
        (instant(4), RunState.FINISHED),
    ]
    # Late as it is, it selects the birthdays of its Monday, and is numbered without a gap.
    assert occurrence(2).label == f"Birthday – {monday(4).date().isoformat()}"
    assert Broadlog.objects.filter(delivery=occurrence(2), address=f"ada{monday(4):%m%d}@example.com").exists()


def test_stopping_one_occurrence_leaves_the_next_one() -> None:
    workflow = start_series()
    live_through_a_week(workflow, 1)
    now = let_ticks_come(workflow, 2)

    stopped = control.stop(occurrence(2), now=now)
    live_through_a_week(workflow, 3)

    assert (stopped.state, stopped.cancelled, stopped.sent) == (DeliveryState.STOPPED, 1, 0)
    states = Delivery.objects.order_by("occurrence").values_list("occurrence", "state")
    assert list(states) == [(1, DeliveryState.FINISHED), (2, DeliveryState.STOPPED), (3, DeliveryState.FINISHED)]
    assert ledger.check().ok


@pytest.mark.parametrize("how", ["workflow", "series", "operation"])
def test_the_series_ends_with_its_workflow_or_its_operation(how: str) -> None:
    workflow = start_series()
    live_through_a_week(workflow, 1)
    tasks = PeriodicTask.objects.filter(name__startswith=f"workflow:{workflow.pk}:", enabled=True)
    assert tasks.count() == 1
    now = let_ticks_come(workflow, 2)

    if how == "workflow":
        services.stop_workflow(workflow, now=now)
    elif how == "series":
        control.stop(occurrence(2), now=now, scope="series")
    else:
        assert workflow.operation is not None
        services.cancel_operation(workflow.operation, now=now)
    # Stopping the workflow alone ends the series, not the mail that is leaving.
    assert occurrence(2).state == (DeliveryState.IN_PROGRESS if how == "workflow" else DeliveryState.STOPPED)
    for week in (3, 4):
        pump(workflow, instant(week))

    assert WorkflowRun.objects.count() == Delivery.objects.count() == 2
    workflow.refresh_from_db()
    assert (workflow.state, tasks.exists()) == (WorkflowState.FINISHED, False)


def test_beat_holds_the_schedule_in_the_zone_of_the_workflow() -> None:
    workflow = start_series()

    task = PeriodicTask.objects.get(name=f"workflow:{workflow.pk}:tick:0")

    assert task.crontab is not None
    assert (task.crontab.minute, task.crontab.hour, task.crontab.day_of_week) == ("0", "6", "1")
    assert (str(task.crontab.timezone), task.enabled) == ("Europe/Paris", True)
