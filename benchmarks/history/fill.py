"""Fills the database: the structure by the ORM, what is big by one statement each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from benchmarks.history import rows
from deliveries.models import (
    ContentVersion,
    Delivery,
    DeliveryKind,
    DeliverySeries,
    DeliveryState,
    DeliveryTemplate,
    Preparation,
    PreparationState,
    TrackedUrl,
)
from operations import services
from operations.models import (
    Activity,
    ActivityRun,
    Operation,
    OperationState,
    Plan,
    Population,
    Program,
    RunState,
    TaskState,
    Workflow,
    WorkflowRun,
    WorkflowVersion,
)
from recipients.models import RecipientList, Service
from tracking.consolidation import consolidate
from tracking.models import DeliveryMark

HTML = '<p>Hello {{ recipient.first_name }}, <a href="https://www.example.com/">see</a></p>'
LISTS = 20
SERIES = 20
# What is left of the rows after the big delivery is shared by the others.
BIG = 0.1


@dataclass(frozen=True)
class Size:
    people: int
    deliveries: int
    broadlogs: int


def fill(size: Size, say: Callable[[str], None]) -> None:
    """Everything but what the pages themselves would write."""
    now = timezone.now()
    say("people, lists, services")
    _run(rows.PEOPLE, people=size.people)
    RecipientList.objects.bulk_create(RecipientList(label=f"List {n}", internal_name=f"list{n}") for n in range(LISTS))
    Service.objects.bulk_create(Service(label=f"Letter {n}", internal_name=f"letter{n}") for n in range(4))
    for statement in (rows.MEMBERS, rows.SUBSCRIPTIONS, rows.QUARANTINED):
        _run(statement)
    say("operations, workflows, runs, deliveries")
    activities = [_make_workflow(number, now) for number in range(SERIES)]
    _make_deliveries(activities, size, now)
    _run("ANALYZE")
    say(f"{size.broadlogs:,} rows of the delivery log")
    _run(rows.BROADLOGS, people=size.people)
    for statement in (rows.PARTS, rows.COUNTERS, rows.MINUTES, rows.RUN_LOG, rows.MEMBERSHIPS):
        _run(statement)
    say("hits")
    _run(rows.HITS)
    _run("ANALYZE")
    _consolidate(now)


def _make_workflow(number: int, now: datetime) -> Activity:
    plan, _made = Plan.objects.get_or_create(label="Year", internal_name="year")
    program, _made = Program.objects.get_or_create(label=f"Program {number % 5}", plan=plan)
    operation = Operation.objects.create(label=f"Operation {number}", program=program, state=OperationState.STARTED)
    template = DeliveryTemplate.objects.create(
        label=f"Template {number}", subject="Hello", html=HTML, from_email="hello@example.com"
    )
    workflow = Workflow.objects.create(label=f"Workflow {number}", operation=operation, time_zone="Europe/Paris")
    services.save_definition(workflow, _document(template), now=now)
    services.start_workflow(workflow, now=now)
    return Activity.objects.select_related("workflow__operation").get(workflow=workflow, name="mail")


def _document(template: DeliveryTemplate) -> dict[str, Any]:
    def node(name: str, code: str, x: int, **config: Any) -> dict[str, Any]:
        return {"name": name, "type": code, "label": name.title(), "x": x, "y": 0, "config": config}

    return {
        "activities": [
            node("tick", "scheduler", 0, schedule={"crontab": "0 9 * * 1"}),
            node("everybody", "query", 240, filter={"field": "country_code", "op": "equals", "value": "FR"}),
            node("mail", "recurring_delivery", 480, template=template.pk),
        ],
        "transitions": [
            {"source": "tick", "outlet": "out", "target": "everybody"},
            {"source": "everybody", "outlet": "out", "target": "mail"},
        ],
    }


def _make_deliveries(activities: list[Activity], size: Size, now: datetime) -> None:
    series = {activity.pk: _make_series(activity, number) for number, activity in enumerate(activities)}
    big = min(int(size.broadlogs * BIG), size.people)
    each = (size.broadlogs - big) // max(size.deliveries - 1, 1)
    for number in range(size.deliveries):
        activity = activities[number % len(activities)]
        at = now - timedelta(days=7 * (number // len(activities)), hours=number % len(activities))
        run = _make_run(activity, at)
        occurrence = size.deliveries // len(activities) + 1 - number // len(activities)
        targeted = big if number == 0 else each
        _make_delivery(series[activity.pk], run, occurrence, targeted, at, is_at_work=number == 0)


def _make_series(activity: Activity, number: int) -> DeliverySeries:
    assert activity.workflow.operation is not None  # They are all made in one.
    return DeliverySeries.objects.create(
        activity=activity, label=f"Series {number}", operation=activity.workflow.operation
    )


def _make_run(activity: Activity, at: datetime) -> WorkflowRun:
    version = WorkflowVersion.objects.get(workflow=activity.workflow_id, number=activity.workflow.version)
    run = WorkflowRun.objects.create(
        workflow=activity.workflow, version=version, entry="tick", scheduled_for=at, state=RunState.FINISHED
    )
    drawn = Activity.objects.filter(workflow=activity.workflow_id).order_by("pk")
    tasks = ActivityRun.objects.bulk_create(
        ActivityRun(
            run=run, activity=row, name=row.name, state=TaskState.DONE, started_at=at, ended_at=at, outlets={"out": 100}
        )
        for row in drawn
    )
    for task in tasks:
        population = Population.objects.create(task=task, outlet="out", count=100)
        ActivityRun.objects.filter(pk=task.pk).update(memo={"fired": {"out": population.pk}})
    return run


def _make_delivery(
    series: DeliverySeries, run: WorkflowRun, occurrence: int, targeted: int, at: datetime, *, is_at_work: bool
) -> None:
    task = run.tasks.get(name="mail")
    delivery = Delivery.objects.create(
        label=f"{series.label} – {at:%Y-%m-%d}",
        kind=DeliveryKind.RECURRING,
        state=DeliveryState.IN_PROGRESS if is_at_work else DeliveryState.FINISHED,
        series=series,
        occurrence=occurrence,
        operation=series.operation,
        activity=series.activity,
        workflow_run=run,
        task=task,
        subject="Hello",
        html=HTML,
        from_email="hello@example.com",
        contact_date=at,
        confirmed_at=at,
        started_at=at,
    )
    version = ContentVersion.objects.create(delivery=delivery, number=1, hash=f"{delivery.pk:064x}", html=HTML)
    TrackedUrl.objects.create(content_version=version, number=1, url="https://www.example.com/")
    Preparation.objects.create(
        delivery=delivery,
        number=1,
        state=PreparationState.CONFIRMED,
        requested_action="prepare_and_start",
        workflow_run=run,
        task=task,
        population=Population.objects.get(task__run=run, task__name="everybody"),
        content_version=version,
        targeted=targeted,
        to_deliver=targeted,
        requested_at=at,
        ended_at=at,
    )


def _consolidate(now: datetime) -> None:
    numbers = list(Delivery.objects.values_list("pk", flat=True))
    DeliveryMark.objects.bulk_create(
        (DeliveryMark(delivery_id=number, stale_since=now) for number in numbers), ignore_conflicts=True
    )
    for number in numbers:
        consolidate(number)


def _run(statement: str, **values: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
