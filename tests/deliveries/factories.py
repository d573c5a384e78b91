"""Makers of templates, deliveries, runs of activities and populations; `analyse` runs an analysis to its end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from deliveries.creation import create_delivery
from deliveries.models import Broadlog, Delivery, DeliveryTemplate, Preparation
from deliveries.preparation.pipeline import run_preparation
from deliveries.preparation.request import request_preparation
from operations.models import (
    Activity,
    ActivityRun,
    Operation,
    Population,
    PopulationMember,
    TaskState,
    Transition,
    Workflow,
    WorkflowRun,
    WorkflowVersion,
)
from operations.workflow.base import Inbound, Outcome, TaskContext
from operations.workflow.registry import get_type
from recipients.models import Quarantine, Recipient
from recipients.vocabulary import FailureReason

HTML = '<p>Hello {{ recipient.first_name }}</p><p><a href="{{ message.unsubscribe_url }}">Unsubscribe</a></p>'
EVERYONE = {"everyone": True}


def make_template(**values: Any) -> DeliveryTemplate:
    defaults = {
        "label": "Birthday",
        "subject": "Happy birthday {{ recipient.first_name }}",
        "html": HTML,
        "from_name": "Ada",
        "from_email": "ada@example.com",
    }
    return DeliveryTemplate.objects.create(**{**defaults, **values})


def make_delivery(now: datetime, *, target: Any = EVERYONE, **values: Any) -> Delivery:
    """A one-off delivery to everyone; the values go to its template."""
    return create_delivery(template=make_template(**values), now=now, target=target)


def make_activity(type: str, *, name: str = "deliver", **config: Any) -> Activity:
    """A delivery activity of a workflow with an operation; its template is made unless `template` is given."""
    config.setdefault("template", make_template().pk if "template" not in config else None)
    operation = Operation.objects.create(label="Birthdays")
    workflow = Workflow.objects.create(label="Every week", operation=operation, time_zone="Europe/Paris")
    activity = Activity.objects.create(workflow=workflow, name=name, type=type, config=cleaned(type, workflow, config))
    get_type(type).saved(activity, None)
    end = Activity.objects.create(workflow=workflow, name="end", type="end")
    Transition.objects.create(source=activity, target=end)
    WorkflowVersion.objects.create(workflow=workflow, number=1, definition={"activities": [], "transitions": []})
    return activity


def cleaned(type: str, workflow: Workflow, config: dict[str, Any]) -> dict[str, Any]:
    from operations.workflow.base import Scope

    scope = Scope(workflow=workflow, operation=workflow.operation)
    return get_type(type).clean(config, scope=scope, sources=["query"])


def make_task(activity: Activity, *, scheduled_for: datetime) -> ActivityRun:
    version = WorkflowVersion.objects.get(workflow=activity.workflow)
    run = WorkflowRun.objects.create(workflow=activity.workflow, version=version, scheduled_for=scheduled_for, state=1)
    return ActivityRun.objects.create(run=run, activity=activity, name=activity.name, state=TaskState.RUNNING)


def make_population(task: ActivityRun, people: Iterable[Recipient]) -> Population:
    members = list(people)
    population = Population.objects.create(task=task, outlet="in", count=len(members))
    PopulationMember.objects.bulk_create(
        PopulationMember(population=population, recipient=member) for member in members
    )
    return population


def context_of(task: ActivityRun, *, now: datetime, population: Population | None = None) -> TaskContext:
    activity = task.activity
    return TaskContext(
        workflow=activity.workflow,
        run=task.run,
        task=task,
        activity=activity,
        config=activity.config,
        inbound=[Inbound(source="query", outlet="out", population=population)],
        now=now,
    )


def execute(task: ActivityRun, *, now: datetime, population: Population | None = None) -> Outcome:
    return get_type(task.activity.type).execute(context_of(task, now=now, population=population))


def run_once(activity: Activity, people: Iterable[Recipient], *, now: datetime) -> Delivery:
    """One run of the activity over these people, its analysis included; the delivery that it wrote to."""
    task = make_task(activity, scheduled_for=now)
    execute(task, now=now, population=make_population(task, people))
    preparation = Preparation.objects.get(task=task)
    run_preparation(preparation=preparation, now=now)
    preparation.delivery.refresh_from_db()
    return preparation.delivery


def analyse(delivery: Delivery, *, now: datetime, action: str = "prepare") -> Preparation:
    preparation = request_preparation(delivery=delivery, action=action, now=now)
    run_preparation(preparation=preparation, now=now)
    preparation.refresh_from_db()
    delivery.refresh_from_db()
    return preparation


def quarantine(address: str, status: Quarantine.Status = Quarantine.Status.QUARANTINED) -> Quarantine:
    return Quarantine.objects.create(channel="email", address=address, status=status)


def reasons(delivery: Delivery) -> dict[int | None, str]:
    """Recipient number → why they were dropped, or "pending"."""
    rows = Broadlog.objects.filter(delivery=delivery).values_list("recipient_id", "failure_reason")
    return {number: "pending" if reason is None else FailureReason(reason).slug for number, reason in rows}
