"""A workflow of an operation, drawn in a line; time that the test moves; messages that leave without a server."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from deliveries.counters import move_counts
from deliveries.lifecycle import settle_delivery
from deliveries.models import Broadlog, Delivery, DeliveryPart, DeliveryState, MessageStatus, PartState
from deliveries.models.broadlog import MESSAGE_MOVES
from deliveries.models.part import PART_MOVES
from operations import services
from operations.models import Operation, RunState, Workflow, WorkflowRun
from operations.workflow.pump import pump_once
from tests.operations.factories import activity, drawing

PATIENCE = 20
HTML = (
    '<p>Hello {{ recipient.first_name }}, <a href="https://www.example.com/gift">your gift</a></p>'
    '<p><a href="{{ message.unsubscribe_url }}">No more</a></p>'
)


def start_line(*activities: dict[str, Any], now: datetime, label: str = "Birthdays") -> Workflow:
    """These activities one after the other, in a started operation; the workflow is started too."""
    operation = Operation.objects.create(label=label)
    services.start_operation(operation, now=now)
    workflow = Workflow.objects.create(label=label, operation=operation, time_zone="Europe/Paris")
    names = [item["name"] for item in activities]
    arrows = [f"{source} → {target}" for source, target in pairwise(names)]
    services.save_definition(workflow, drawing(activities, *arrows), now=now)
    return services.start_workflow(workflow, now=now)


def scheduler(crontab: str) -> dict[str, Any]:
    return activity("tick", "scheduler", schedule={"crontab": crontab})


def pump(workflow: Workflow, now: datetime) -> None:
    """What the sweeps do, as often as needed, until no run of the workflow goes any further."""
    for second in range(PATIENCE):
        pump_once(now + timedelta(seconds=second))
        if not _is_moving(workflow):
            return
    raise AssertionError("The workflow does not come to rest.")


def _is_moving(workflow: Workflow) -> bool:
    runs = WorkflowRun.objects.filter(workflow=workflow, state__in=[RunState.WAITING, RunState.RUNNING])
    starting = Delivery.objects.filter(workflow_run__workflow=workflow, state=DeliveryState.START_PENDING)
    return runs.exists() or starting.exists()


def send(delivery: Delivery, now: datetime) -> None:
    """Every message that is due leaves and is accepted, as the outcomes of a sender would say it."""
    rows = Broadlog.objects.filter(delivery=delivery, status=MessageStatus.PENDING)
    sent = MESSAGE_MOVES.move_all(rows, to=MessageStatus.SENT, attempts=1, updated_at=now)
    move_counts(delivery.pk, {"pending": -sent, "sent": sent})
    parts = DeliveryPart.objects.filter(delivery=delivery)
    PART_MOVES.move_all(parts.filter(state=PartState.DUE), to=PartState.DONE)
    settle_delivery(delivery.pk, now=now)
    delivery.refresh_from_db()
