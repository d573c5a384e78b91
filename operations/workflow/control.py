"""Pausing, resuming, stopping and suspending runs. The only other writer of run states is `engine.py`."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop

from common.sentences import Sentence, columns
from operations.models import ActivityRun, RunLog, RunState, TaskState, Workflow, WorkflowRun, WorkflowState
from operations.models.run import RUN_MOVES, TASK_MOVES
from operations.models.workflow import WORKFLOW_MOVES
from operations.workflow.registry import activity_types, get_type

logger = logging.getLogger("diffusion.workflow")


def pause_run(run: WorkflowRun, *, now: datetime) -> bool:
    """Start no new task of this run, nor of the sub-workflows that it waits for; those at work end.

    False if the run is not active.
    """
    paused = _move(run, RunState.PAUSED, now, Sentence(gettext_noop("The run is paused.")))
    _pause_children(run.pk, now)
    return paused


def _pause_children(run_id: int, now: datetime) -> None:
    children = WorkflowRun.objects.filter(parent_task__run=run_id, state__in=RUN_MOVES.sources(RunState.PAUSED))
    for child in children.order_by("pk"):
        pause_run(child, now=now)


@transaction.atomic
def resume_run(run: WorkflowRun, *, now: datetime) -> bool:
    """Go on with a paused or failed run, from the task that failed. False if it is neither."""
    locked = WorkflowRun.objects.select_for_update().get(pk=run.pk)
    if locked.state not in (RunState.PAUSED, RunState.FAILED):
        return False
    failed = ActivityRun.objects.filter(run=locked, state=TaskState.FAILED)
    TASK_MOVES.move_all(failed, to=TaskState.WAITING, error="", ended_at=None)
    to = RunState.RUNNING if locked.started_at else RunState.WAITING
    RUN_MOVES.move(locked, to=to, error="")
    RunLog.objects.create(run=locked, at=now, **columns(Sentence(gettext_noop("The run is resumed."))))
    for child in WorkflowRun.objects.filter(parent_task__run=locked).order_by("pk"):
        resume_run(child, now=now)
    run.refresh_from_db()
    return True


def stop_run(run: WorkflowRun, *, now: datetime) -> bool:
    """End the run: what waits is skipped, what works is told to stop. Repeatable; False if the run is over."""
    stopped = _move(run, RunState.STOPPED, now, Sentence(gettext_noop("The run is stopped.")), ended_at=now)
    skip_unfinished(run, now=now)
    return stopped


def skip_unfinished(run: WorkflowRun, *, now: datetime) -> int:
    """Skip every task of the run that is not over, each in its own transaction; return how many."""
    idle = run.tasks.filter(state__in=[TaskState.WAITING, TaskState.FAILED])
    done = TASK_MOVES.move_all(idle, to=TaskState.SKIPPED, ended_at=now)
    for task in run.tasks.filter(state=TaskState.RUNNING).select_related("activity").order_by("pk"):
        done += _skip_running(task, now)
    return done


def finish_stops(*, now: datetime) -> int:
    """Go on with the stops whose process died halfway."""
    left = ActivityRun.objects.filter(state=TaskState.RUNNING, run__state=RunState.STOPPED)
    done = 0
    for task in left.select_related("activity").order_by("pk"):
        try:
            done += _skip_running(task, now)
        except Exception:
            logger.exception("task %s could not be stopped", task.pk)
    return done


def suspend(run_id: int, *, error: str, now: datetime) -> WorkflowRun:
    """Mark the run failed and pause its workflow (its other runs with it), in the caller's transaction.

    The failure of a run by hand of a workflow that is being edited leaves the workflow as it is.
    """
    workflow_id = WorkflowRun.objects.values_list("workflow_id", flat=True).get(pk=run_id)
    workflow = Workflow.objects.select_for_update().get(pk=workflow_id)
    run = WorkflowRun.objects.select_for_update().get(pk=run_id)
    WorkflowRun.objects.filter(pk=run_id).update(error=error)
    RUN_MOVES.move_all(WorkflowRun.objects.filter(pk=run_id), to=RunState.FAILED)
    _pause_children(run_id, now)
    if run.parent_task_id is not None:
        # The task that waits for it fails in its turn, and suspends its own workflow.
        waiting = ActivityRun.objects.filter(pk=run.parent_task_id, state=TaskState.RUNNING, resume_at__gt=now)
        waiting.update(resume_at=now)
    elif WORKFLOW_MOVES.allows(workflow.state, WorkflowState.PAUSED):
        WORKFLOW_MOVES.move(workflow, to=WorkflowState.PAUSED, failed=True)
        pause_runs(workflow, now=now)
    elif workflow.state == WorkflowState.PAUSED:
        Workflow.objects.filter(pk=workflow.pk).update(failed=True)
    return run


def pause_runs(workflow: Workflow, *, now: datetime) -> int:
    """Pause every run of the workflow that is at work or waits."""
    active = workflow.runs.filter(state__in=RUN_MOVES.sources(RunState.PAUSED))
    return sum(pause_run(run, now=now) for run in active.order_by("pk"))


@transaction.atomic
def _move(run: WorkflowRun, to: RunState, now: datetime, message: Sentence, **changes: datetime) -> bool:
    moved = RUN_MOVES.move_all(WorkflowRun.objects.filter(pk=run.pk), to=to, **changes)
    if moved:
        RunLog.objects.create(run=run, at=now, **columns(message))
        run.refresh_from_db()
    return bool(moved)


def _skip_running(task: ActivityRun, now: datetime) -> int:
    while task.state == TaskState.RUNNING:
        seen = task.memo
        with transaction.atomic():
            if task.activity.type in activity_types:
                get_type(task.activity.type).stopped(task, now=now)
            task = ActivityRun.objects.select_for_update(of=("self",)).select_related("activity").get(pk=task.pk)
            # Its executor may have made something meanwhile that is to be stopped too.
            if task.state == TaskState.RUNNING and task.memo == seen:
                changes = {"ended_at": now, "lease_until": None, "resume_at": None}
                TASK_MOVES.move(task, to=TaskState.SKIPPED, **changes)
                return 1
    return 0
