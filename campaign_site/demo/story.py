"""The demo's operations, workflows and templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from campaign_site.demo.content import BIRTHDAY, SENDER, WELCOME
from deliveries.models import DeliveryTemplate
from deliveries.routes import ensure_default_route
from operations import services
from operations.models import Operation, Plan, Program, Workflow, WorkflowState
from operations.workflow.definition import save_definition
from recipients.models import RecipientList, Service

TIME_ZONE = "Europe/Paris"
BIRTHDAY_ENTRY = "every_morning"


@dataclass(frozen=True)
class Story:
    birthday: Workflow
    welcome: Workflow
    newsletter: Service
    french: RecipientList
    british: RecipientList


def find_story() -> Story | None:
    """The story told at an earlier start, if it was told to its end."""
    birthday = Workflow.objects.filter(internal_name="demo-birthday").first()
    welcome = Workflow.objects.filter(internal_name="demo-welcome").first()
    if birthday is None or welcome is None:
        return None
    return Story(
        birthday,
        welcome,
        Service.objects.get(internal_name="demo-newsletter"),
        RecipientList.objects.get(internal_name="demo-french"),
        RecipientList.objects.get(internal_name="demo-british"),
    )


def tell_story(*, now: datetime) -> Story:
    """Create the operations with their workflows; nothing is started yet."""
    ensure_default_route()
    newsletter = Service.objects.create(internal_name="demo-newsletter", label="La lettre du Comptoir")
    french = RecipientList.objects.create(internal_name="demo-french", label="Clients France")
    british = RecipientList.objects.create(internal_name="demo-british", label="Customers United Kingdom")
    plan = Plan.objects.create(internal_name="demo-plan", label=f"Plan {now.year}")
    program = Program.objects.create(internal_name="demo-loyalty", label="Fidélité", plan=plan)
    birthday = _birthday(_operation("demo-birthdays", "Anniversaires", program, now), newsletter)
    welcome = _welcome(_operation("demo-welcome", "Welcome series", program, now), newsletter)
    return Story(birthday, welcome, newsletter, french, british)


def start_story(story: Story, *, now: datetime) -> None:
    """Start what was never started: a later start of the demo leaves its workflows as somebody left them."""
    for workflow in (story.birthday, story.welcome):
        if workflow.state == WorkflowState.EDITED:
            services.start_workflow(workflow=workflow, now=now)


def _operation(internal_name: str, label: str, program: Program, now: datetime) -> Operation:
    operation = Operation.objects.create(internal_name=internal_name, label=label, program=program)
    services.start_operation(operation=operation, now=now)
    return operation


def _template(internal_name: str, label: str, service: Service, content: dict[str, str]) -> DeliveryTemplate:
    return DeliveryTemplate.objects.create(
        internal_name=internal_name, label=label, service=service, **content, **SENDER
    )


def _birthday(operation: Operation, service: Service) -> Workflow:
    template = _template("demo-birthday-mail", "Anniversaire", service, BIRTHDAY)
    workflow = Workflow.objects.create(
        internal_name="demo-birthday", label="Anniversaire du jour", operation=operation, time_zone=TIME_ZONE
    )
    activities = [
        _activity(BIRTHDAY_ENTRY, "scheduler", "Tous les matins à 6 h", 40, {"schedule": {"crontab": "0 6 * * *"}}),
        _activity(
            "birthday_today",
            "query",
            "Anniversaire aujourd'hui",
            280,
            {"filter": {"field": "birth_date", "op": "anniversary", "feb_29": "mar_1"}},
        ),
        _activity("birthday_mail", "recurring_delivery", "Anniversaire", 520, {"template": template.pk}),
    ]
    return _draw(workflow, activities)


def _welcome(operation: Operation, service: Service) -> Workflow:
    template = _template("demo-welcome-mail", "Welcome", service, WELCOME)
    workflow = Workflow.objects.create(
        internal_name="demo-welcome", label="Welcome new subscribers", operation=operation, time_zone=TIME_ZONE
    )
    new = {"field": "created_at", "op": "within_last", "value": {"days": 2}}
    query = {"filter": {"all": [{"subscribed_to": service.pk}, new]}}
    activities = [
        _activity("every_hour", "scheduler", "Every hour", 40, {"schedule": {"crontab": "0 * * * *"}}),
        _activity("new_subscribers", "incremental_query", "New subscribers", 280, query),
        _activity("welcome_mail", "continuous_delivery", "Welcome", 520, {"template": template.pk}),
    ]
    return _draw(workflow, activities)


def _activity(name: str, kind: str, label: str, x: int, config: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "type": kind, "label": label, "x": x, "y": 120, "config": config}


def _draw(workflow: Workflow, activities: list[dict[str, Any]]) -> Workflow:
    names = [activity["name"] for activity in activities]
    transitions = [{"source": source, "outlet": "out", "target": target} for source, target in pairwise(names)]
    save_definition(workflow=workflow, document={"activities": activities, "transitions": transitions})
    workflow.refresh_from_db()
    return workflow
