"""What else a marketing team has at work: an offer that waits for an approval, a template, filters, attributes."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.contrib.auth.models import User

from campaign_site.demo.content import OFFER
from campaign_site.demo.people import STORES
from campaign_site.demo.story import TIME_ZONE, Story, activity, add_operation, add_template, draw, draw_line
from operations import services
from operations.models import Assignment, Operation, Program, Workflow, WorkflowState
from operations.workflow.pump import pump_once
from recipients.attributes import create_attribute
from recipients.models import Attribute, SavedFilter

OFFER_WORKFLOW = "demo-christmas-offer"
MOST_ROUNDS = 20


def lay_plans(story: Story, *, now: datetime, owner: User | None) -> None:
    declare_attributes()
    save_filters(owner)
    _christmas(story, now, owner)
    _seasonal_template(story, now, owner)


def declare_attributes() -> None:
    create_attribute(name="loyalty_points", label="Points de fidélité", kind=Attribute.Kind.NUMBER)
    stores = [{"value": store, "label": store} for store in STORES]
    create_attribute(name="store", label="Magasin", kind=Attribute.Kind.CHOICE, choices=stores)


def save_filters(owner: User | None) -> None:
    store = {"field": "attributes.store", "op": "equals", "value": "Lyon"}
    points = {"field": "attributes.loyalty_points", "op": "gte", "value": {"parameter": "points"}}
    SavedFilter.objects.create(
        internal_name="demo-faithful",
        label="Clients fidèles de Lyon",
        description="Ceux qui ont assez de points pour l'offre du magasin de Lyon.",
        filter={"all": [store, points]},
        parameters=[{"name": "points", "label": "Points", "kind": "integer", "default": 1000}],
        created_by=owner,
    )


def ask_for_approval(now: datetime) -> None:
    """Start the offer, and run it until it asks."""
    offer = Workflow.objects.get(internal_name=OFFER_WORKFLOW)
    if offer.state == WorkflowState.EDITED:
        services.start_workflow(workflow=offer, now=now)
    for _round in range(MOST_ROUNDS):
        if Assignment.objects.exists():
            return
        pump_once(now)


def _christmas(story: Story, now: datetime, owner: User | None) -> None:
    """A list, a question to the owner, and only then the mail."""
    program = story.birthday.operation.program if story.birthday.operation else None
    assert program is not None
    operation = add_operation("demo-christmas", "Offre de Noël", program, now, owner=owner, **_december(now.year))
    workflow = Workflow.objects.create(
        internal_name=OFFER_WORKFLOW, label="Offre de Noël, France", operation=operation, time_zone=TIME_ZONE
    )
    template = add_template("demo-christmas-mail", "Offre de Noël", story.newsletter, OFFER)
    asked = {"title": "Envoyer l'offre à {{ count }} clients ?", **({"user": owner.pk} if owner else {})}
    activities = [
        activity("begin", "start", "Début", 0, {}),
        activity("french", "read_list", "Clients France", 1, {"list": story.french.pk}),
        activity("agreed", "approval", "Accord de la direction", 2, asked),
        activity("offer_mail", "email_delivery", "Offre de Noël", 3, {"template": template.pk}),
        activity("refused", "end", "Sans suite", 3, {}, row=1),
    ]
    draw(workflow, activities, _arrows("begin french agreed", approve="offer_mail", reject="refused"), now)


def _arrows(line: str, **answers: str) -> list[dict[str, str]]:
    """One after the other, the last with its answers."""
    names = line.split()
    plain = [{"source": one, "outlet": "out", "target": other} for one, other in pairwise(names)]
    return plain + [{"source": names[-1], "outlet": answer, "target": target} for answer, target in answers.items()]


def _december(year: int) -> dict[str, Any]:
    return {
        "starts_on": date(year, 11, 15),
        "ends_on": date(year, 12, 24),
        "description": "Une seule diffusion, après l'accord de la direction.",
        "priority": Operation.Priority.HIGH,
    }


def _seasonal_template(story: Story, now: datetime, owner: User | None) -> None:
    """Never started: operations are made from it."""
    program = Program.objects.get(internal_name="demo-loyalty")
    operation = Operation.objects.create(
        internal_name="demo-season",
        label="Offre de saison",
        program=program,
        owner=owner,
        is_template=True,
        duration_days=21,
        description="Une offre aux abonnés de la lettre, à compléter.",
    )
    workflow = Workflow.objects.create(label="Offre aux abonnés", operation=operation, time_zone=TIME_ZONE)
    template = add_template("demo-season-mail", "Offre de saison", story.newsletter, OFFER)
    activities = [
        activity("begin", "start", "Début", 0, {}),
        activity("subscribers", "query", "Abonnés", 1, {"filter": {"subscribed_to": story.newsletter.pk}}),
        activity("offer_mail", "email_delivery", "Offre de saison", 2, {"template": template.pk}),
    ]
    draw_line(workflow, activities, now)
