from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from operations.models import RunLog, RunState, Workflow, WorkflowRun, WorkflowState
from operations.schedules import next_instants, start_due_runs
from tests.operations.scheduling import WEEKLY, make_scheduled_workflow, runs, scheduler_of

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
DAILY = {"crontab": "0 6 * * *"}


def finish_all() -> None:
    WorkflowRun.objects.exclude(state=RunState.SKIPPED).update(state=RunState.FINISHED)


def look(now: datetime) -> int:
    """One look at the schedules; what it starts is finished before the next."""
    started = start_due_runs(now)
    finish_all()
    return started


def test_an_instant_equal_to_the_anchor_counts(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now)

    assert start_due_runs(now - MINUTE) == 0
    assert start_due_runs(now) == 1
    assert [run.scheduled_for for run in runs(workflow)] == [now]
    assert [(run.entry, run.manual, run.version.number) for run in runs(workflow)] == [("every", False, 1)]


def test_looking_twice_starts_one_run(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now)

    assert [start_due_runs(now), start_due_runs(now), start_due_runs(now + MINUTE)] == [1, 0, 0]
    assert len(runs(workflow)) == 1


@pytest.mark.parametrize("seed", range(4))
def test_52_weekly_instants_give_52_runs_whatever_is_lost_doubled_or_late(seed: int, now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule=WEEKLY)
    fate = random.Random(seed)
    expected = [(now.astimezone(PARIS) + WEEK * week).astimezone(UTC) for week in range(52)]

    for instant in expected:
        for _doubled in range(fate.choice([0, 1, 2])):
            look(instant)
        # A lost tick is made good by the sweep, within the grace period.
        look(instant + MINUTE * fate.randint(1, 59))
        look(instant + DAY)

    ran = runs(workflow, state=RunState.FINISHED)
    assert [run.scheduled_for for run in ran] == expected
    assert {run.scheduled_for.astimezone(PARIS).strftime("%A %H:%M") for run in ran} == {"Monday 06:00"}
    assert {run.scheduled_for.hour for run in ran} == {4, 5}
    assert workflow.runs.count() == 52


@pytest.mark.parametrize(("policy", "started"), [("latest", [3]), ("all", [1, 2, 3]), ("skip", [])])
def test_after_three_missed_instants_the_policy_decides(policy: str, started: list[int], now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule=DAILY, missed=policy)
    look(now)

    count = start_due_runs(now + 3 * DAY + 2 * HOUR)

    rows = runs(workflow)[1:]
    assert count == len(started)
    assert [day for day, run in enumerate(rows, 1) if run.state != RunState.SKIPPED] == started
    assert len(rows) == 3
    assert all(("Missed" in run.error) == (run.state == RunState.SKIPPED) for run in rows)


def test_a_late_run_says_so_in_its_log(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule=DAILY)

    look(now)
    look(now + DAY + 2 * HOUR)

    lines = RunLog.objects.filter(run__workflow=workflow, level="warning")
    assert [(line.level, line.message) for line in lines] == [
        ("warning", "This run is late: it was due 120 minutes ago.")
    ]
    assert [line.run.scheduled_for for line in lines] == [now + DAY]


def test_within_the_grace_period_nothing_is_late(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule=DAILY, missed="skip", grace_minutes=90)

    assert look(now + 90 * MINUTE) == 1
    assert not RunLog.objects.filter(level="warning").exists()
    assert look(now + DAY + 91 * MINUTE) == 0
    assert [run.state for run in runs(workflow)] == [RunState.FINISHED, RunState.SKIPPED]


def test_latest_runs_no_missed_one_when_a_newer_one_is_due(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule=DAILY)
    look(now)

    assert look(now + 3 * DAY) == 1

    assert [run.state for run in runs(workflow)] == [
        RunState.FINISHED,
        RunState.SKIPPED,
        RunState.SKIPPED,
        RunState.FINISHED,
    ]


def test_missed_instants_are_written_up_to_a_thousand_and_then_summed_up(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule={"every": 1, "period": "minutes"}, grace_minutes=0)

    assert start_due_runs(now + 3000 * MINUTE + timedelta(seconds=30)) == 1

    skipped = runs(workflow, state=RunState.SKIPPED)
    assert len(skipped) == 1001
    assert skipped[-1].scheduled_for == now + 2999 * MINUTE
    assert "like the 1999 instants before" in skipped[-1].error
    assert [run.scheduled_for for run in runs(workflow, state=RunState.WAITING)] == [now + 3000 * MINUTE]
    assert start_due_runs(now + 3000 * MINUTE + timedelta(seconds=30)) == 0


def test_all_goes_on_in_batches_and_loses_none(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule={"every": 1, "period": "minutes"}, missed="all")
    monkeypatch.setattr("operations.due_runs.BATCH", 100)
    end = now + 150 * MINUTE

    counts = [look(end), look(end), look(end)]

    assert counts == [100, 51, 0]
    assert workflow.runs.filter(state=RunState.FINISHED).count() == 151


def test_missed_runs_under_all_wait_for_one_another(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule=DAILY, missed="all")

    start_due_runs(now + 2 * DAY + 2 * HOUR)

    first, second, third = runs(workflow)
    assert [run.vars.get("_after") for run in (first, second, third)] == [None, first.pk, second.pk]


@pytest.mark.parametrize(
    ("policy", "states"),
    [
        ("skip", [RunState.RUNNING, RunState.SKIPPED, RunState.SKIPPED]),
        ("queue", [RunState.RUNNING, RunState.WAITING, RunState.SKIPPED]),
        ("parallel", [RunState.RUNNING, RunState.WAITING, RunState.WAITING]),
    ],
)
def test_a_run_still_at_work_meets_the_overlap_policy(policy: str, states: list[RunState], now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule=DAILY, overlap=policy)
    start_due_runs(now)
    WorkflowRun.objects.update(state=RunState.RUNNING)

    start_due_runs(now + DAY)
    start_due_runs(now + 2 * DAY)

    rows = runs(workflow)
    assert [run.state for run in rows] == states
    assert rows[1].vars.get("_after") == (rows[0].pk if policy == "queue" else None)
    assert all(("Skipped: run #" in run.error) == (run.state == RunState.SKIPPED) for run in rows)


def test_once_the_first_is_over_another_may_queue(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule=DAILY, overlap="queue")
    start_due_runs(now)
    start_due_runs(now + DAY)
    WorkflowRun.objects.filter(scheduled_for=now).update(state=RunState.FINISHED)

    start_due_runs(now + 2 * DAY)

    rows = runs(workflow)
    assert [run.state for run in rows] == [RunState.FINISHED, RunState.WAITING, RunState.WAITING]
    assert rows[2].vars["_after"] == rows[1].pk


def test_branches_do_not_hold_each_other_up(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, names=("one", "two"))

    assert start_due_runs(now) == 2
    assert sorted(run.entry for run in runs(workflow)) == ["one", "two"]


def test_max_runs_counts_what_ran_and_not_what_was_skipped(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule=DAILY, max_runs=3, missed="skip")

    for day in (0, 1, 4, 5, 6):
        look(now + day * DAY)

    assert [run.state for run in runs(workflow)] == [
        RunState.FINISHED,
        RunState.FINISHED,
        RunState.SKIPPED,
        RunState.SKIPPED,
        RunState.FINISHED,
    ]


@pytest.mark.parametrize(
    ("valid_until", "count"), [("2025-10-08", 3), ("2025-10-08T06:00:00", 2), ("2025-10-08T06:00:01", 3), (None, 5)]
)
def test_a_day_of_validity_is_whole_and_an_instant_is_not_included(
    valid_until: str | None, count: int, now: datetime
) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule=DAILY, valid_until=valid_until)

    for day in range(5):
        look(now + day * DAY)

    assert len(runs(workflow)) == count


def test_valid_from_is_the_anchor(now: datetime) -> None:
    workflow = make_scheduled_workflow(
        started_at=now, schedule={"every": 2, "period": "days"}, valid_from="2025-10-07T08:30:00"
    )

    for hour in range(24 * 4):
        look(now + hour * HOUR)

    assert [run.scheduled_for.astimezone(PARIS).strftime("%d %H:%M") for run in runs(workflow)] == [
        "07 08:30",
        "09 08:30",
    ]


@pytest.mark.parametrize("state", [WorkflowState.EDITED, WorkflowState.PAUSED, WorkflowState.FINISHED])
def test_only_a_started_workflow_runs(state: WorkflowState, now: datetime) -> None:
    make_scheduled_workflow(started_at=now)
    Workflow.objects.update(state=state)

    assert start_due_runs(now) == 0
    assert not WorkflowRun.objects.exists()


def test_a_retired_scheduler_runs_no_more(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now)
    workflow.activities.update(retired=True)

    assert start_due_runs(now) == 0


def test_a_run_by_hand_in_the_future_does_not_hide_what_comes_before(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule=DAILY)
    for day in (1, 30):
        WorkflowRun.objects.create(
            workflow=workflow,
            version=workflow.versions.get(),
            entry="every",
            scheduled_for=now + day * DAY,
            state=RunState.FINISHED,
            manual=True,
        )

    assert [look(now), look(now + DAY), look(now + 2 * DAY)] == [1, 0, 1]


def test_one_broken_workflow_does_not_stop_the_others(now: datetime, caplog: pytest.LogCaptureFixture) -> None:
    broken, sound = (make_scheduled_workflow(started_at=now) for _ in range(2))
    Workflow.objects.filter(pk=broken.pk).update(time_zone="Nowhere/Land")

    assert start_due_runs(now) == 1
    assert len(runs(sound)) == 1
    assert "Scheduler every of workflow" in caplog.text


def test_a_schedule_that_is_not_due_costs_two_queries(now: datetime, django_assert_num_queries: Any) -> None:
    make_scheduled_workflow(started_at=now)
    look(now)

    with django_assert_num_queries(2):
        start_due_runs(now + MINUTE)


def test_the_next_instants_stop_at_the_limits(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule=DAILY, max_runs=4, valid_until="2025-10-31")
    activity = scheduler_of(workflow)
    before = next_instants(activity, now - MINUTE, count=2)
    look(now)

    assert before == [now, now + DAY]
    assert next_instants(activity, now) == [now + day * DAY for day in (1, 2, 3)]


def test_the_next_instants_of_a_workflow_never_started_count_from_now(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=None, schedule={"every": 3, "period": "hours"})

    assert next_instants(scheduler_of(workflow), now, count=2) == [now + 3 * HOUR, now + 6 * HOUR]


@pytest.mark.postgresql
@pytest.mark.skipif("connection.vendor != 'postgresql'")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("policy", ["skip", "queue", "parallel"])
def test_many_processes_at_once_start_each_instant_once(policy: str, now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule=DAILY, overlap=policy)

    def work(worker: int) -> int:
        try:
            return sum(start_due_runs(now + day * DAY) for day in range(10))
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        started = sum(pool.map(work, range(5)))

    rows = runs(workflow)
    ran = [run for run in rows if run.state != RunState.SKIPPED]
    assert [run.scheduled_for for run in rows] == [now + day * DAY for day in range(10)]
    assert started == len(ran) == {"skip": 1, "queue": 2, "parallel": 10}[policy]
