"""The demo's operations, workflows and templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.contrib.auth.models import User

from campaign_site.demo.content import BIRTHDAY, SENDER, WELCOME
from deliveries.models import DeliveryTemplate
from deliveries.routes import ensure_default_route
from operations import services
from operations.models import Operation, Plan, Program, Workflow, WorkflowState
from recipients.models import RecipientList, Service

TIME_ZONE = "Europe/Paris"
BIRTHDAY_ENTRY = "every_morning"
BIRTHDAYS = "Un cadeau le jour de l'anniversaire : 15 % sur les cocottes, pendant quinze jours."
WELCOMES = "A recipe book for whoever joins the newsletter."


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


def tell_story(*, now: datetime, owner: User | None = None) -> Story:
    """Create the operations with their workflows; no workflow is started yet. The operations are the owner's."""
    ensure_default_route()
    newsletter = Service.objects.create(internal_name="demo-newsletter", label="La lettre du Comptoir")
    french = RecipientList.objects.create(internal_name="demo-french", label="Clients France")
    british = RecipientList.objects.create(internal_name="demo-british", label="Customers United Kingdom")
    program = _loyalty_program(now.year)
    birthdays = add_operation("demo-birthdays", "Anniversaires", program, now, owner=owner, description=BIRTHDAYS)
    birthday = _birthday(birthdays, newsletter, now)
    welcomes = add_operation("demo-welcome", "Welcome series", program, now, owner=owner, description=WELCOMES)
    welcome = _welcome(welcomes, newsletter, now)
    return Story(birthday, welcome, newsletter, french, british)


def start_story(story: Story, *, now: datetime) -> None:
    """Start what was never started: a later start of the demo leaves its workflows as somebody left them."""
    for workflow in (story.birthday, story.welcome):
        if workflow.state == WorkflowState.EDITED:
            services.start_workflow(workflow=workflow, now=now)


def _loyalty_program(year: int) -> Program:
    period = {"starts_on": date(year, 1, 1), "ends_on": date(year, 12, 31)}
    plan = Plan.objects.create(internal_name="demo-plan", label=f"Plan {year}", **period)
    return Program.objects.create(internal_name="demo-loyalty", label="Fidélité", plan=plan, **period)


def add_operation(internal_name: str, label: str, program: Program, now: datetime, **values: Any) -> Operation:
    """A started operation of this year; `values` are other columns."""
    period = {"starts_on": date(now.year, 1, 1), "ends_on": date(now.year, 12, 31)}
    operation = Operation.objects.create(
        internal_name=internal_name, label=label, program=program, **{**period, **values}
    )
    services.start_operation(operation=operation, now=now)
    return operation


def add_template(internal_name: str, label: str, service: Service, content: dict[str, str]) -> DeliveryTemplate:
    return DeliveryTemplate.objects.create(
        internal_name=internal_name, label=label, service=service, **content, **SENDER
    )


def _birthday(operation: Operation, service: Service, now: datetime) -> Workflow:
    template = add_template("demo-birthday-mail", "Anniversaire", service, BIRTHDAY)
    workflow = Workflow.objects.create(
        internal_name="demo-birthday",
        label="Anniversaire du jour",
        operation=operation,
        time_zone=TIME_ZONE,
        description="Chaque matin à 6 h : ceux dont c'est l'anniversaire reçoivent leur cadeau.",
    )
    born_today = {"field": "birth_date", "op": "anniversary", "feb_29": "mar_1"}
    activities = [
        activity(BIRTHDAY_ENTRY, "scheduler", "Tous les matins à 6 h", 0, {"schedule": {"crontab": "0 6 * * *"}}),
        activity("birthday_today", "query", "Fêtés aujourd'hui", 1, {"filter": born_today}),
        activity("birthday_mail", "recurring_delivery", "Anniversaire", 2, {"template": template.pk}),
    ]
    return draw_line(workflow, activities, now)


def _welcome(operation: Operation, service: Service, now: datetime) -> Workflow:
    template = add_template("demo-welcome-mail", "Welcome", service, WELCOME)
    workflow = Workflow.objects.create(
        internal_name="demo-welcome",
        label="Welcome new subscribers",
        operation=operation,
        time_zone=TIME_ZONE,
        description="Every hour, whoever joined the newsletter since the last run gets the recipe book.",
    )
    new = {"field": "created_at", "op": "within_last", "value": {"days": 2}}
    query = {"filter": {"all": [{"subscribed_to": service.pk}, new]}}
    activities = [
        activity("every_hour", "scheduler", "Every hour", 0, {"schedule": {"crontab": "0 * * * *"}}),
        activity("new_subscribers", "incremental_query", "New subscribers", 1, query),
        activity("welcome_mail", "continuous_delivery", "Welcome", 2, {"template": template.pk}),
    ]
    return draw_line(workflow, activities, now)


def activity(name: str, kind: str, label: str, column: int, config: dict[str, Any], *, row: int = 0) -> dict[str, Any]:
    """An activity of a drawing that is read from left to right."""
    place = {"x": 60 + 250 * column, "y": 160 + 130 * row}
    return {"name": name, "type": kind, "label": label, **place, "config": config}


def draw_line(workflow: Workflow, activities: list[dict[str, Any]], now: datetime) -> Workflow:
    """Each activity leads to the next one."""
    names = [activity["name"] for activity in activities]
    transitions = [{"source": source, "outlet": "out", "target": target} for source, target in pairwise(names)]
    return draw(workflow, activities, transitions, now)


def draw(
    workflow: Workflow, activities: list[dict[str, Any]], transitions: list[dict[str, str]], now: datetime
) -> Workflow:
    services.save_definition(workflow, {"activities": activities, "transitions": transitions}, now=now)
    workflow.refresh_from_db()
    return workflow
