from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.test import Client
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask, PeriodicTasks

from operations.models import Workflow, WorkflowState
from operations.schedules import sync_all, sync_workflow
from tests.operations.scheduling import make_scheduled_workflow, scheduler_of

pytestmark = pytest.mark.django_db


def names() -> list[str]:
    return sorted(PeriodicTask.objects.filter(name__startswith="workflow:").values_list("name", flat=True))


def foreign_row() -> PeriodicTask:
    interval = IntervalSchedule.objects.create(every=30, period=IntervalSchedule.SECONDS)
    return PeriodicTask.objects.create(name="sweep", task="operations.tick", interval=interval)


def test_every_clause_has_a_row_that_wakes_the_sweep(now: datetime) -> None:
    schedule = {
        "any": [
            {"crontab": "*/30 6-8 * * 1-5"},
            {"every": 2, "period": "weeks"},
            {"every": 15, "period": "minutes"},
            {"at": "2026-12-24T06:00:00"},
        ]
    }
    workflow = make_scheduled_workflow(started_at=now, schedule=schedule)

    sync_workflow(workflow)

    crontab, weeks, minutes, once = PeriodicTask.objects.filter(name__startswith="workflow:").order_by("name")
    assert names() == [f"workflow:{workflow.pk}:every:{number}" for number in range(4)]
    assert {(row.task, row.enabled) for row in (crontab, weeks, minutes, once)} == {("operations.tick", True)}
    assert (crontab.crontab.minute, crontab.crontab.hour) == ("0,30", "6,7,8")
    assert (crontab.crontab.day_of_month, crontab.crontab.month_of_year) == ("*", "*")
    assert (crontab.crontab.day_of_week, str(crontab.crontab.timezone)) == ("1,2,3,4,5", "Europe/Paris")
    assert (weeks.interval.every, weeks.interval.period, weeks.start_time) == (14, "days", now)
    assert (minutes.interval.every, minutes.interval.period) == (15, "minutes")
    assert (once.clocked.clocked_time, once.one_off) == (datetime(2026, 12, 24, 5, tzinfo=UTC), True)


def test_a_second_sync_changes_nothing(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now)

    assert sync_workflow(workflow) == 1
    changed = PeriodicTasks.last_change()
    assert sync_workflow(workflow) == 0
    assert PeriodicTasks.last_change() == changed


@pytest.mark.parametrize(
    ("state", "enabled"),
    [
        (WorkflowState.EDITED, False),
        (WorkflowState.STARTED, True),
        (WorkflowState.PAUSED, False),
        (WorkflowState.FINISHED, False),
    ],
)
def test_rows_are_enabled_only_while_the_workflow_is_started(
    state: WorkflowState, enabled: bool, now: datetime
) -> None:
    workflow = make_scheduled_workflow(started_at=now)
    sync_workflow(workflow)
    Workflow.objects.update(state=state)

    sync_workflow(workflow)

    assert PeriodicTask.objects.get(name=names()[0]).enabled is enabled


def test_a_new_schedule_replaces_the_rows_of_the_old_one(now: datetime) -> None:
    workflow = make_scheduled_workflow(
        started_at=now, schedule={"any": [{"crontab": "0 6 * * *"}, {"crontab": "0 7 * * *"}]}
    )
    sync_workflow(workflow)
    workflow.activities.filter(name="every").update(config={"schedule": {"every": 1, "period": "days"}})

    sync_workflow(workflow)

    row = PeriodicTask.objects.get(name__startswith="workflow:")
    assert (row.crontab, row.interval.every, row.interval.period) == (None, 1, "days")


def test_rows_of_others_are_left_alone(now: datetime) -> None:
    foreign = foreign_row()
    first, second = (make_scheduled_workflow(started_at=now) for _ in range(2))
    sync_all()
    scheduler = scheduler_of(first)
    scheduler.retired = True
    scheduler.save()

    sync_workflow(first)

    assert names() == [f"workflow:{second.pk}:every:0"]
    assert PeriodicTask.objects.filter(pk=foreign.pk).exists()


def test_workflow_1_does_not_own_the_rows_of_workflow_10(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now)
    interval = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.DAYS)
    PeriodicTask.objects.create(name=f"workflow:{workflow.pk}0:every:0", task="operations.tick", interval=interval)

    sync_workflow(workflow)

    assert names() == [f"workflow:{workflow.pk}0:every:0", f"workflow:{workflow.pk}:every:0"]


def test_sync_all_repairs_what_was_lost_edited_or_orphaned(now: datetime) -> None:
    kept, lost, deleted = (make_scheduled_workflow(started_at=now) for _ in range(3))
    foreign_row()
    sync_all()
    PeriodicTask.objects.filter(name=f"workflow:{kept.pk}:every:0").update(enabled=False, task="nothing")
    PeriodicTask.objects.filter(name=f"workflow:{lost.pk}:every:0").delete()
    deleted.runs.all().delete()
    deleted.delete()
    before = PeriodicTasks.last_change()

    assert sync_all() == {"workflows": 2, "changed": 3}

    row = PeriodicTask.objects.get(name=f"workflow:{kept.pk}:every:0")
    assert (row.enabled, row.task) == (True, "operations.tick")
    assert names() == [f"workflow:{kept.pk}:every:0", f"workflow:{lost.pk}:every:0"]
    assert PeriodicTasks.last_change() > before
    assert sync_all() == {"workflows": 2, "changed": 0}


def test_a_date_that_beat_has_run_stays_disabled(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule={"at": "2025-10-07T06:00:00"})
    sync_workflow(workflow)
    PeriodicTask.objects.filter(name=names()[0]).update(enabled=False, total_run_count=1)

    assert sync_workflow(workflow) == 0


def test_duplicates_in_the_tables_of_beat_do_no_harm(now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now)
    sync_workflow(workflow)
    row = CrontabSchedule.objects.get()
    row.pk = None
    row.save(force_insert=True)

    assert sync_workflow(workflow) in (0, 1)


def test_the_command_says_what_it_repaired(now: datetime) -> None:
    make_scheduled_workflow(started_at=now)
    output = StringIO()

    call_command("sync_schedules", "--json", stdout=output)

    assert json.loads(output.getvalue()) == {"workflows": 1, "changed": 1}


def test_the_admin_of_beat_can_only_look_at_our_rows(admin_client: Client, now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now)
    sync_workflow(workflow)
    ours, foreign = PeriodicTask.objects.get(name__startswith="workflow:"), foreign_row()
    base = "/admin/django_celery_beat/periodictask/"

    page = admin_client.get(f"{base}{ours.pk}/change/")
    saved = admin_client.post(f"{base}{ours.pk}/change/", {"name": "mine", "regtask": "operations.tick"})
    deleted = admin_client.post(f"{base}{ours.pk}/delete/", {"post": "yes"})

    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert (saved.status_code, deleted.status_code) == (403, 403)
    assert 'name="_save"' in admin_client.get(f"{base}{foreign.pk}/change/").content.decode()


@pytest.mark.parametrize("action", ["disable_tasks", "toggle_tasks", "delete_selected"])
def test_bulk_actions_of_beat_leave_our_rows_alone(action: str, admin_client: Client, now: datetime) -> None:
    sync_workflow(make_scheduled_workflow(started_at=now))
    ours, foreign = PeriodicTask.objects.get(name__startswith="workflow:"), foreign_row()
    data: dict[str, Any] = {"action": action, "_selected_action": [ours.pk, foreign.pk], "post": "yes"}

    admin_client.post("/admin/django_celery_beat/periodictask/", data)

    assert PeriodicTask.objects.get(pk=ours.pk).enabled is True
    assert not PeriodicTask.objects.filter(pk=foreign.pk, enabled=True).exists()


def test_no_instant_depends_on_a_row_of_beat(now: datetime) -> None:
    from operations.schedules import start_due_runs

    workflow = make_scheduled_workflow(started_at=now)
    with mock.patch.object(PeriodicTask.objects, "filter", side_effect=AssertionError):
        start_due_runs(now + timedelta(minutes=1))

    assert workflow.runs.count() == 1
