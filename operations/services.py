"""What people do with operations and workflows; the admin, the API and the commands call nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import IllegalState, Invalid
from operations import schedules
from operations.models import Operation, OperationState, RunState, Workflow, WorkflowRun, WorkflowState
from operations.models.operation import OPERATION_MOVES
from operations.models.run import ACTIVE_RUN_STATES
from operations.models.workflow import WORKFLOW_MOVES
from operations.participants import participants
from operations.workflow import control, definition, engine
from operations.workflow.document import Definition, parse
from operations.workflow.graph import GraphFaults, branch, entries, find_faults, schedulers


class OperationCancelled(IllegalState):
    """The operation is cancelled: nothing of it starts any more."""


class UnableToStop(IllegalState):
    """The workflow is neither started nor paused, and none of its runs is active."""


class UnknownEntry(Invalid):
    """A run needs an entry of the workflow; the message names them."""

    code = "unknown_entry"


class IsTemplate(IllegalState):
    """A template is copied, never started."""


def start_operation(operation: Operation, *, now: datetime) -> Operation:
    """Start the operation, or start it again after its end. Raises IllegalMove, IsTemplate."""
    if operation.is_template:
        raise IsTemplate(_("“%(label)s” is a template: create an operation from it.") % {"label": operation})
    OPERATION_MOVES.move(operation, to=OperationState.STARTED)
    return operation


def cancel_operation(
    operation: Operation, *, now: datetime, by: User | None = None, reason: str = ""
) -> dict[str, int]:
    """Cancel the operation: its workflows are stopped, their schedules disabled, and all that it reaches downstream.

    Each thing is stopped in its own transaction; a cancellation that was cut short is called again. Nothing new
    starts from the first moment. Return how many of each kind were stopped. Raises IllegalMove.
    """
    if Operation.objects.filter(pk=operation.pk).exclude(state=OperationState.CANCELLED).exists():
        facts = {"cancelled_at": now, "cancelled_by": by, "cancel_reason": reason}
        OPERATION_MOVES.move(operation, to=OperationState.CANCELLED, **facts)
    operation.refresh_from_db()
    workflows = Workflow.objects.filter(operation=operation).order_by("pk")
    stopped = {"workflows": sum(_stop_with_operation(workflow, now) for workflow in workflows)}
    return stopped | {code: participant.stop(operation.pk, now=now) for code, participant in participants.items()}


def _stop_with_operation(workflow: Workflow, now: datetime) -> int:
    try:
        stop_workflow(workflow, now=now)
    except UnableToStop:
        schedules.sync_workflow(workflow)
        return 0
    return 1


def save_definition(workflow: Workflow, document: Mapping[str, Any], *, by: User | None = None, now: datetime) -> int:
    """Replace the definition and bring the schedules in step with it; return its version.

    Raises InvalidDefinition, VersionConflict.
    """
    with transaction.atomic():
        version = definition.save_definition(workflow, document, by=by)
        schedules.sync_workflow(workflow)
    return version


@transaction.atomic
def start_workflow(workflow: Workflow, *, now: datetime) -> Workflow:
    """Start the workflow: its schedules are anchored to `now`, and what needs no schedule runs once.

    Raises GraphFaults, OperationCancelled, IllegalMove.
    """
    locked = _lock(workflow)
    _require_live_operation(locked)
    if locked.state == WorkflowState.PAUSED:
        raise IllegalState(_("The workflow is paused: resume it."))
    drawing = _require_sound(locked)
    WORKFLOW_MOVES.move(locked, to=WorkflowState.STARTED, started_at=now, failed=False)
    schedules.sync_workflow(locked)
    for run in _active_runs(locked):
        # What failed before this start was a try of somebody who edited.
        if run.state == RunState.FAILED:
            engine.stop_run(run, now=now)
    if "" in entries(drawing):
        engine.create_run(locked, entry="", scheduled_for=now, manual=False, now=now)
    workflow.refresh_from_db()
    return workflow


@transaction.atomic
def pause_workflow(workflow: Workflow, *, now: datetime) -> Workflow:
    """Start no new task and no new run; tasks at work end. Raises IllegalMove."""
    locked = _lock(workflow)
    WORKFLOW_MOVES.move(locked, to=WorkflowState.PAUSED)
    control.pause_runs(locked, now=now)
    schedules.sync_workflow(locked)
    workflow.refresh_from_db()
    return workflow


@transaction.atomic
def resume_workflow(workflow: Workflow, *, now: datetime) -> Workflow:
    """Go on where the workflow was paused, from the tasks that failed. Raises OperationCancelled, IllegalState."""
    locked = _lock(workflow)
    _require_live_operation(locked)
    if locked.state != WorkflowState.PAUSED:
        message = _("The workflow is “%(state)s”: only a paused one can be resumed.")
        raise IllegalState(message % {"state": locked.get_state_display()})
    WORKFLOW_MOVES.move(locked, to=WorkflowState.STARTED, failed=False)
    for run in _active_runs(locked):
        engine.resume_run(run, now=now)
    schedules.sync_workflow(locked)
    workflow.refresh_from_db()
    return workflow


def stop_workflow(workflow: Workflow, *, now: datetime) -> Workflow:
    """Stop the workflow and all its runs; its series of deliveries ends. Raises UnableToStop. Repeatable.

    The stop is committed first: nothing new starts while the runs are stopped one by one.
    """
    with transaction.atomic():
        locked = _lock(workflow)
        may_stop = WORKFLOW_MOVES.allows(locked.state, WorkflowState.FINISHED)
        if not may_stop and not _active_runs(locked):
            message = _("The workflow is “%(state)s”: there is nothing to stop.")
            raise UnableToStop(message % {"state": locked.get_state_display()})
        if may_stop:
            WORKFLOW_MOVES.move(locked, to=WorkflowState.FINISHED, failed=False)
        schedules.sync_workflow(locked)
    for run in _active_runs(workflow):
        engine.stop_run(run, now=now)
    workflow.refresh_from_db()
    return workflow


@transaction.atomic
def run_now(
    workflow: Workflow, *, now: datetime, scheduled_for: datetime | None = None, entry: str = ""
) -> tuple[WorkflowRun, bool]:
    """Ask for one run of a started or edited workflow, and say whether it is new; its state does not change.

    Raises GraphFaults, UnknownEntry, OperationCancelled, IllegalState.
    """
    locked = _lock(workflow)
    _require_live_operation(locked)
    drawing = _require_sound(locked)
    chosen = _choose_entry(drawing, entry)
    return engine.create_run(locked, entry=chosen, scheduled_for=scheduled_for or now, manual=True, now=now)


def _lock(workflow: Workflow) -> Workflow:
    return Workflow.objects.select_for_update(of=("self",)).select_related("operation").get(pk=workflow.pk)


def _active_runs(workflow: Workflow) -> list[WorkflowRun]:
    return list(WorkflowRun.objects.filter(workflow=workflow, state__in=ACTIVE_RUN_STATES).order_by("pk"))


def _require_live_operation(workflow: Workflow) -> None:
    if workflow.operation is not None and workflow.operation.state == OperationState.CANCELLED:
        raise OperationCancelled(_("The operation is cancelled: its workflows can't run."))


def _require_sound(workflow: Workflow) -> Definition:
    drawing = parse(definition.read_definition(workflow))
    faults = find_faults(drawing, workflow)
    if faults:
        raise GraphFaults(faults)
    return drawing


def _choose_entry(drawing: Definition, entry: str) -> str:
    """The entry that is meant: a scheduler, or "" for what runs without one."""
    known = entries(drawing)
    if entry in known:
        return entry
    if not entry and len(known) == 1:
        return known[0]
    if entry and "" in known and entry in branch(drawing, "") and not drawing.arrows_into(entry):
        return ""
    message = _("“%(entry)s” is no entry of this workflow; there are %(entries)s.")
    names = ", ".join(schedulers(drawing))
    raise UnknownEntry(message % {"entry": entry, "entries": names}, fields={"entry": [names]})
