"""Going on with a run from the task that failed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from common.errors import IllegalState, Invalid
from operations import services
from operations.models import RunState, TaskState, Workflow, WorkflowRun, WorkflowState
from operations.workflow.control import resume_run


class UnknownTask(Invalid):
    """The workflow has no such run, or the run no such task."""


class UnableToRestart(IllegalState):
    """Only a failed task starts again: the result of any other is kept, and others were made from it."""


def restart_task(workflow: Workflow, *, run_id: Any, name: Any, now: datetime) -> WorkflowRun:
    """Let the failed task, and with it its run, go on. A paused workflow goes on as a whole.

    Raises UnknownTask, UnableToRestart, OperationCancelled.
    """
    run = workflow.runs.filter(pk=run_id).first() if isinstance(run_id, int) else None
    task = run.tasks.filter(name=name).first() if run is not None and isinstance(name, str) else None
    if run is None or task is None:
        raise UnknownTask(_("There is no such task in this run."))
    if task.state == TaskState.DONE:
        raise UnableToRestart(
            _("“%(activity)s” is done: what came after it was made from its result. Run the workflow again instead.")
            % {"activity": name}
        )
    if task.state != TaskState.FAILED or run.state != RunState.FAILED:
        message = _("“%(activity)s” is “%(state)s”: only a failed task can be started again.")
        raise UnableToRestart(message % {"activity": name, "state": task.get_state_display()})
    _go_on(workflow, run, now)
    run.refresh_from_db()
    return run


def _go_on(workflow: Workflow, run: WorkflowRun, now: datetime) -> None:
    if workflow.state == WorkflowState.FINISHED:
        raise UnableToRestart(_("The workflow is finished: its runs don't go on. Run it again instead."))
    if workflow.state == WorkflowState.PAUSED:
        services.resume_workflow(workflow=workflow, now=now)
    else:
        resume_run(run, now=now)
