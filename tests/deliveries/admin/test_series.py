"""The cockpit of a recurring series: figures, occurrences, comparison, what comes next, and the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from deliveries.admin.series.clock import change_between
from deliveries.models import Delivery, DeliverySeries, DeliveryState
from operations.models import Activity, ActivityRun, TaskState, Workflow, WorkflowState
from tests.deliveries.factories import make_activity, make_task, run_once
from tests.factories import make_recipients
from tracking.models import DeliveryHour

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def now() -> datetime:
    return timezone.now() - timedelta(minutes=1)


def make_series(now: datetime, occurrences: int = 0, *, started: bool = True) -> DeliverySeries:
    """Weekly occurrences, the last one now, all finished: 10, 20, 30… sent, one in ten opened, new people each."""
    activity = make_activity("recurring_delivery", action="prepare")
    schedule = {"schedule": {"crontab": "0 18 * * 4"}, "overlap": "skip", "missed": "latest", "grace_minutes": 60}
    Activity.objects.create(workflow=activity.workflow, name="tick", type="scheduler", config=schedule)
    people = make_recipients(1)
    for number in range(occurrences):
        row = run_once(activity, people, now=now - timedelta(weeks=occurrences - 1 - number))
        sent = 10 * (number + 1)
        Delivery.objects.filter(pk=row.pk).update(
            **{"state": DeliveryState.FINISHED, "targeted": sent, "pending": 0, "sent": sent},
            **{"opened": sent // 10, "new_people": 5, "ended_at": now},
        )
    if started:
        Workflow.objects.update(state=WorkflowState.STARTED, started_at=now - timedelta(weeks=60))
    operation = activity.workflow.operation
    assert operation is not None
    series, _made = DeliverySeries.objects.get_or_create(
        activity=activity, defaults={"label": "Birthday", "operation": operation}
    )
    return series


def page(client: Client, series: DeliverySeries, tab: str = "change", **query: Any) -> str:
    answer = client.get(f"/admin/deliveries/deliveryseries/{series.pk}/{tab}/", query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_five_tiles_tell_the_series_and_how_its_last_four_compare_with_the_four_before(
    admin_client: Client, now: datetime
) -> None:
    html = page(admin_client, make_series(now, 8))

    for text in ("Occurrences", "360", "Cumulated reach", "40", "10.0%", "0.00%", "+160.0%", "stable"):
        assert text in html, text


def test_people_not_counted_yet_are_not_zero(admin_client: Client, now: datetime) -> None:
    series = make_series(now, 1)
    series.occurrences.update(new_people=None)

    assert "counted when an occurrence is over" in page(admin_client, series)


def test_the_number_of_queries_does_not_grow_with_the_occurrences(
    admin_client: Client, now: datetime, django_assert_max_num_queries: Any
) -> None:
    series = make_series(now, 12)
    page(admin_client, series)

    with django_assert_max_num_queries(19):
        page(admin_client, series)


def test_a_stopped_occurrence_says_what_had_left(admin_client: Client, now: datetime) -> None:
    series = make_series(now, 2)
    series.occurrences.filter(occurrence=1).update(state=DeliveryState.STOPPED, sent=4, cancelled=6)

    assert "4 had left" in page(admin_client, series)


def test_a_run_that_found_nobody_is_a_line_without_a_delivery(admin_client: Client, now: datetime) -> None:
    series = make_series(now, 2)
    empty = make_task(series.activity, scheduled_for=now - timedelta(days=3))
    ActivityRun.objects.filter(pk=empty.pk).update(state=TaskState.DONE)

    html = page(admin_client, series)

    assert "nobody in the population, no delivery was made" in html
    newest, oldest = (html.index(f'value="{number}" aria-label') for number in (2, 1))
    assert newest < html.index("nobody in the population") < oldest


def test_older_occurrences_are_on_further_pages(
    admin_client: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deliveries.admin.series.table.PAGE", 2)
    series = make_series(now, 3)

    assert "Compare occurrence 1" not in page(admin_client, series)
    assert "Compare occurrence 1" in page(admin_client, series, page=2)


def test_occurrences_are_compared_side_by_side_with_their_curves(admin_client: Client, now: datetime) -> None:
    series = make_series(now, 3)
    for row in series.occurrences.all():
        DeliveryHour.objects.create(delivery=row, hour=1, human_opens=row.opened)

    html = page(admin_client, series, compare="1,3")

    side = html[html.index('id="comparison"') : html.index('id="occurrences"')]
    assert "10.0% (1)" in side
    assert "10.0% (3)" in side
    assert "Share of messages opened by people" in side
    assert "Tick a second occurrence" in page(admin_client, series, compare="2")


def test_every_occurrence_is_in_the_file(admin_client: Client, now: datetime) -> None:
    series = make_series(now, 3)

    answer = admin_client.get(f"/admin/deliveries/deliveryseries/{series.pk}/csv/")

    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 4
    assert lines[3].startswith("3,")
    assert ",finished,30,0,30," in lines[3]


def test_the_next_runs_are_told_in_local_time_with_the_rules_for_late_ones(admin_client: Client, now: datetime) -> None:
    html = page(admin_client, make_series(now, 1))

    assert "Next 10 runs" in html
    assert html.count('class="local">18:00<') == 10
    assert "every Thursday at 18:00, Europe/Paris" in html
    assert "the new one is skipped" in html


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (datetime(2026, 10, 22, 16, tzinfo=UTC), datetime(2026, 10, 29, 17, tzinfo=UTC), "25 October: back to winter"),
        (datetime(2026, 3, 26, 17, tzinfo=UTC), datetime(2026, 4, 2, 16, tzinfo=UTC), "29 March: summer time begins"),
        (datetime(2026, 3, 5, 17, tzinfo=UTC), datetime(2026, 3, 12, 17, tzinfo=UTC), ""),
    ],
)
def test_a_change_of_hour_between_two_runs_is_told_with_its_day(first: datetime, second: datetime, told: str) -> None:
    said = change_between(first, second, PARIS)

    assert said.startswith(told)
    assert bool(said) == bool(told)
    assert not told or "stays at 18:00" in said


def test_a_run_that_a_change_of_hour_moves_is_not_said_to_stay() -> None:
    first = datetime(2026, 10, 22, 16, tzinfo=UTC)

    assert "moves to 17:00" in change_between(first, first + timedelta(weeks=1), PARIS)


def test_an_empty_series_says_when_its_first_occurrence_is_made(admin_client: Client, now: datetime) -> None:
    assert "The first one is created on Thu" in page(admin_client, make_series(now))


def test_a_stop_says_its_consequence_and_afterwards_who_did_it(admin_client: Client, now: datetime) -> None:
    series = make_series(now, 1)
    address = f"/admin/deliveries/deliveryseries/{series.pk}/do/stop_series/"

    asked = admin_client.get(address).content.decode()
    assert "it makes no further occurrence until someone starts it again" in asked
    admin_client.post(address, {"reason": "Wrong target"})

    html = page(admin_client, series)
    assert "This series is stopped" in html
    assert "By admin" in html
    assert "Wrong target" in html
    assert "Start the workflow again" in html


def test_a_proof_is_refused_in_sight_and_the_next_content_is_shown_instead(admin_client: Client, now: datetime) -> None:
    series = make_series(now, 1)

    assert "No proof can be sent from a recurring delivery" in page(admin_client, series)
    assert f"/deliveryseries/{series.pk}/preview/" in page(admin_client, series, "next")
    admin_client.post(f"/admin/deliveries/deliveryseries/{series.pk}/do/proof/")
    assert not Delivery.objects.filter(kind="proof").exists()
