"""Schedules as django-celery-beat stores them: one row per clause, written one way from the scheduler activities.

A row only wakes `start_due_runs`, which reads the schedules themselves: a lost, late or doubled tick changes nothing,
and neither does a row that was lost or edited.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, PeriodicTasks

from common.sql import exclusive
from operations.due_runs import start_due_runs
from operations.models import Activity, Workflow, WorkflowState
from operations.occurrences import FIELDS, Schedule, clauses, local_instant, parse_crontab
from operations.timetable import Timetable, next_instants, scheduler_types, timetable_of

__all__ = ["PREFIX", "forget_workflow", "next_instants", "start_due_runs", "sync_all", "sync_workflow"]

PREFIX = "workflow:"
TASK = "operations.tick"


def sync_workflow(workflow: Workflow) -> int:
    """Make the periodic tasks of this workflow what its schedulers say; return how many rows changed. Repeatable.

    They are enabled only while the workflow is started and not paused.
    """
    with exclusive(f"sync:{workflow.pk}"):
        wanted = dict(_wanted_rows(workflow))
        changed = sum(_write(name, values) for name, values in wanted.items())
        changed += _remove(f"{PREFIX}{workflow.pk}:", keep=list(wanted))
        if changed:
            PeriodicTasks.update_changed()
    return changed


def sync_all() -> dict[str, int]:
    """Repair every drift, rows of deleted workflows included; say how many workflows and rows that took."""
    workflows = Workflow.objects.filter(activities__type__in=scheduler_types()).distinct()
    changed = sum(sync_workflow(workflow) for workflow in workflows)
    known = {str(workflow.pk) for workflow in workflows}
    names = PeriodicTask.objects.filter(name__startswith=PREFIX).values_list("name", flat=True)
    orphans = [name for name in names if name.split(":")[1] not in known]
    removed, _details = PeriodicTask.objects.filter(name__in=orphans).delete()
    if removed:
        PeriodicTasks.update_changed()
    return {"workflows": len(known), "changed": changed + removed}


def forget_workflow(workflow_id: int) -> None:
    """Remove the periodic tasks of a workflow that is about to be deleted."""
    if _remove(f"{PREFIX}{workflow_id}:", keep=[]):
        PeriodicTasks.update_changed()


def _wanted_rows(workflow: Workflow) -> Iterator[tuple[str, dict[str, Any]]]:
    enabled = Workflow.objects.filter(pk=workflow.pk, state=WorkflowState.STARTED).exists()
    activities = Activity.objects.filter(workflow=workflow, retired=False, type__in=scheduler_types())
    for activity in activities.select_related("workflow").order_by("pk"):
        timetable = timetable_of(activity, now=activity.workflow.created_at)
        for number, clause in enumerate(clauses(timetable.schedule)):
            description = _("Written from the scheduler “%(activity)s” of workflow “%(workflow)s”; edit it there.") % {
                "activity": activity.name,
                "workflow": workflow.label,
            }
            yield (
                f"{PREFIX}{workflow.pk}:{activity.name}:{number}",
                {**_when(clause, timetable), "task": TASK, "enabled": enabled, "description": description},
            )


def _when(clause: Schedule, timetable: Timetable) -> dict[str, Any]:
    if "crontab" in clause:
        return _row(crontab=_first_or_create(CrontabSchedule, timezone=timetable.zone, **_columns(clause["crontab"])))
    if "at" in clause:
        instant = local_instant(clause["at"], timetable.zone)
        return _row(clocked=_first_or_create(ClockedSchedule, clocked_time=instant), one_off=True)
    # Beat knows no weeks.
    weeks = clause["period"] == "weeks"
    every, period = (clause["every"] * 7, "days") if weeks else (clause["every"], clause["period"])
    return _row(interval=_first_or_create(IntervalSchedule, every=every, period=period), start_time=timetable.anchor)


def _row(**values: Any) -> dict[str, Any]:
    return {"crontab": None, "interval": None, "clocked": None, "one_off": False, "start_time": None, **values}


def _columns(text: str) -> dict[str, str]:
    """The fields as numbers: beat would read ranges with other rules."""
    crontab = parse_crontab(text)
    values = (crontab.minutes, crontab.hours, crontab.days, crontab.months, crontab.weekdays)
    names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    sizes = [high - low + 1 for _name, low, high in FIELDS[:4]] + [7]
    return {
        name: "*" if len(numbers) == size else ",".join(map(str, sorted(numbers)))
        for name, numbers, size in zip(names, values, sizes, strict=True)
    }


def _first_or_create(model: Any, **values: Any) -> Any:
    # Beat's tables hold duplicates when somebody made them by hand: get_or_create would refuse.
    return model.objects.filter(**values).first() or model.objects.create(**values)


def _write(name: str, values: dict[str, Any]) -> int:
    row = PeriodicTask.objects.filter(name=name).first()
    if row is None:
        PeriodicTask.objects.create(name=name, **values)
        return 1
    if row.one_off and row.total_run_count and row.clocked == values["clocked"]:
        # Beat itself disables what it has run once.
        values = {**values, "enabled": row.enabled}
    if all(getattr(row, field) == value for field, value in values.items()):
        return 0
    for field, value in values.items():
        setattr(row, field, value)
    row.save()
    return 1


def _remove(prefix: str, *, keep: list[str]) -> int:
    removed, _details = PeriodicTask.objects.filter(name__startswith=prefix).exclude(name__in=keep).delete()
    return int(removed)
