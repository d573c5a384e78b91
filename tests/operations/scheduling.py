"""Workflows with a scheduler, as rows: what the schedule tests need and no more."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from operations.models import Activity, Operation, Transition, Workflow, WorkflowRun, WorkflowState, WorkflowVersion
from operations.workflow.definition import save_definition

WEEKLY = {"crontab": "0 6 * * 1"}


def make_scheduled_workflow(
    *,
    started_at: datetime | None,
    schedule: dict[str, Any] | None = None,
    names: tuple[str, ...] = ("every",),
    **config: Any,
) -> Workflow:
    """A workflow in Paris's time zone with one branch per name: a scheduler, and an end."""
    workflow = Workflow.objects.create(
        label="Birthdays",
        time_zone="Europe/Paris",
        started_at=started_at,
        state=WorkflowState.STARTED if started_at else WorkflowState.EDITED,
    )
    document: dict[str, Any] = {"activities": [], "transitions": []}
    for name in names:
        settings = {"schedule": schedule or WEEKLY, **config}
        scheduler = Activity.objects.create(workflow=workflow, name=name, type="scheduler", config=settings)
        end = Activity.objects.create(workflow=workflow, name=f"end {name}", type="end", config={"stop_all": False})
        Transition.objects.create(source=scheduler, outlet="out", target=end)
        document["activities"] += [
            {"name": row.name, "type": row.type, "label": "", "x": 0, "y": 0, "config": row.config}
            for row in (scheduler, end)
        ]
        document["transitions"].append({"source": name, "outlet": "out", "target": end.name})
    WorkflowVersion.objects.create(workflow=workflow, number=1, definition=document)
    workflow.version = 1
    workflow.save(update_fields=["version"])
    return workflow


def scheduler_of(workflow: Workflow, name: str = "every") -> Activity:
    return workflow.activities.get(name=name)


def runs(workflow: Workflow, **conditions: Any) -> list[WorkflowRun]:
    return list(workflow.runs.filter(**conditions).order_by("scheduled_for"))


def make_drawn_workflow(operation: Operation | None = None, name: str = "every", **config: Any) -> Workflow:
    """A workflow saved through its definition: a weekly scheduler, and an end."""
    workflow = Workflow.objects.create(label="Birthdays", time_zone="Europe/Paris", operation=operation)
    document = {
        "activities": [
            {"name": name, "type": "scheduler", "config": {"schedule": WEEKLY, **config}},
            {"name": "end", "type": "end", "config": {}},
        ],
        "transitions": [{"source": name, "outlet": "out", "target": "end"}],
    }
    save_definition(workflow, document)
    return workflow
