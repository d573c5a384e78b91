"""Workflows drawn in one line, runs carried to their end, and the sets that left a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from operations import services
from operations.models import ActivityRun, Operation, PopulationMember, Workflow, WorkflowRun
from operations.workflow import engine
from recipients.models import Recipient, RecipientList, RecipientListMember

EVERYONE = {"everyone": True}


def make_operation(label: str = "Spring", **values: Any) -> Operation:
    return Operation.objects.create(label=label, **values)


def make_workflow(document: Mapping[str, Any] | None = None, *, now: datetime, **values: Any) -> Workflow:
    """A workflow that is being edited, with this definition."""
    workflow = Workflow.objects.create(**{"label": "Welcome", "time_zone": "Europe/Paris", **values})
    if document is not None:
        services.save_definition(workflow, document, now=now)
        workflow.refresh_from_db()
    return workflow


def make_list(people: Sequence[Recipient] = (), label: str = "List") -> RecipientList:
    made = RecipientList.objects.create(label=label)
    RecipientListMember.objects.bulk_create(
        RecipientListMember(recipient_list=made, recipient=person) for person in people
    )
    return made


def activity(name: str, type: str, **config: Any) -> dict[str, Any]:
    return {"name": name, "type": type, "label": "", "x": 0, "y": 0, "config": config}


def arrow(text: str) -> dict[str, str]:
    """`arrow("a → b")`, or with an outlet `arrow("a.rest → b")`."""
    source, target = text.split(" → ")
    name, _dot, outlet = source.partition(".")
    return {"source": name, "outlet": outlet or "out", "target": target}


def drawing(activities: Sequence[dict[str, Any]], *arrows: str) -> dict[str, Any]:
    return {"activities": list(activities), "transitions": [arrow(text) for text in arrows]}


def people_of(*lists: RecipientList) -> list[dict[str, Any]]:
    """One read_list for each list, named a, b, c…"""
    return [activity(name, "read_list", list=chosen.pk) for name, chosen in zip("abcdefghij", lists, strict=False)]


def run_drawing(document: Mapping[str, Any], *, now: datetime, **values: Any) -> WorkflowRun:
    """Save the drawing, run it once as far as it goes, and return the run."""
    return run_once(make_workflow(document, now=now, **values), now=now)


def run_once(workflow: Workflow, *, now: datetime, scheduled_for: datetime | None = None) -> WorkflowRun:
    run, _created = services.run_now(workflow, now=now, scheduled_for=scheduled_for)
    engine.advance(run.pk, now=now)
    run.refresh_from_db()
    return run


def task_of(run: WorkflowRun, name: str) -> ActivityRun:
    return run.tasks.get(name=name)


def left_by(run: WorkflowRun, name: str, outlet: str = "out") -> list[int]:
    """The numbers of those who left the task through this outlet."""
    population = task_of(run, name).memo["fired"][outlet]
    rows = PopulationMember.objects.filter(population_id=population)
    return sorted(rows.values_list("recipient_id", flat=True))


def numbers(people: Sequence[Recipient]) -> list[int]:
    return sorted(person.pk for person in people)
