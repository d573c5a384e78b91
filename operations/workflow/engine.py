"""Runs: created once for each instant, advanced by any number of processes, sound whenever one of them dies.

Read `plan.py` (what can start), `execution.py` (one task), `control.py` (pause, resume, stop), then this.

Locks are taken in this order: workflow, runs, what belongs to downstream apps (analyses, deliveries), tasks. Nothing
is held between two tasks: a task is claimed by a conditional update that is committed, and ends in another one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common.errors import IllegalState
from common.sentences import Sentence, columns
from operations.models import (
    Activity,
    ActivityRun,
    OperationState,
    RunLog,
    RunState,
    TaskState,
    Workflow,
    WorkflowRun,
    WorkflowState,
    WorkflowVersion,
)
from operations.models.run import ACTIVE_RUN_STATES, FINAL_RUN_STATES, RUN_MOVES
from operations.models.workflow import WORKFLOW_MOVES
from operations.workflow.control import finish_stops, pause_run, resume_run, skip_unfinished, stop_run
from operations.workflow.document import Definition, definition_of
from operations.workflow.execution import claim, execute, recover, skip, statuses
from operations.workflow.graph import branch
from operations.workflow.plan import plan
from operations.workflow.pump import pickers
from operations.workflow.registry import activity_types

__all__ = ["advance", "advance_due", "create_run", "pause_run", "resume_run", "stop_run", "wake"]

logger = logging.getLogger("diffusion.workflow")
UNFINISHED = [TaskState.WAITING, TaskState.RUNNING, TaskState.FAILED]


class UnableToRun(IllegalState):
    """The workflow is not in a state in which it may run."""


@transaction.atomic
def create_run(
    workflow: Workflow,
    *,
    entry: str,
    scheduled_for: datetime,
    manual: bool,
    now: datetime,
    vars: Mapping[str, Any] | None = None,
) -> tuple[WorkflowRun, bool]:
    """The run of this entry at this instant, and whether it is new; it waits to be advanced. Raises UnableToRun.

    With `_after` (the number of a run) in `vars`, it waits for the end of that run.
    """
    locked = Workflow.objects.select_for_update(of=("self",)).select_related("operation").get(pk=workflow.pk)
    same = WorkflowRun.objects.filter(
        workflow=locked, entry=entry, scheduled_for=scheduled_for, parent_task__isnull=True
    )
    existing = same.first()
    if existing is not None:
        return existing, False
    _require_runnable(locked, manual)
    version = WorkflowVersion.objects.get(workflow=locked, number=locked.version)
    try:
        with transaction.atomic():
            run = WorkflowRun.objects.create(
                workflow=locked,
                version=version,
                entry=entry,
                scheduled_for=scheduled_for,
                manual=manual,
                vars=dict(vars or {}),
            )
    except IntegrityError:
        # On a database without row locks another process may have been first.
        return same.get(), False
    _create_tasks(run, definition_of(version))
    RunLog.objects.create(run=run, at=now, **columns(_created_message(run)))
    return run, True


@transaction.atomic
def create_child_run(
    workflow: Workflow, *, parent_task: ActivityRun, scheduled_for: datetime, now: datetime, vars: Mapping[str, Any]
) -> WorkflowRun:
    """The run of a sub-workflow for the task that waits for it; the workflow's own state does not matter.

    Raises UnableToRun.
    """
    _require_live_operation(workflow)
    version = WorkflowVersion.objects.get(workflow=workflow, number=workflow.version)
    run = WorkflowRun.objects.create(
        workflow=workflow,
        version=version,
        scheduled_for=scheduled_for,
        manual=True,
        vars=dict(vars),
        parent_task=parent_task,
    )
    _create_tasks(run, definition_of(version))
    message = Sentence(gettext_noop("Run started by the task “%(task)s”."), {"task": parent_task.name})
    RunLog.objects.create(run=run, at=now, **columns(message))
    return run


def _require_runnable(workflow: Workflow, manual: bool) -> None:
    states = [WorkflowState.STARTED, WorkflowState.EDITED] if manual else [WorkflowState.STARTED]
    if workflow.state not in states:
        message = _("The workflow is “%(state)s”: it can't run.")
        raise UnableToRun(message % {"state": workflow.get_state_display()})
    _require_live_operation(workflow)


def _require_live_operation(workflow: Workflow) -> None:
    if workflow.operation is not None and workflow.operation.state == OperationState.CANCELLED:
        raise UnableToRun(_("The operation is cancelled: its workflows can't run."))


def _create_tasks(run: WorkflowRun, definition: Definition) -> None:
    chosen = branch(definition, run.entry)
    activities = Activity.objects.filter(workflow=run.workflow, name__in=chosen).order_by("pk")
    ActivityRun.objects.bulk_create(
        ActivityRun(run=run, activity=activity, name=activity.name) for activity in activities
    )


def _created_message(run: WorkflowRun) -> Sentence:
    by_hand, by_schedule = gettext_noop("Run started by hand for %(instant)s."), gettext_noop("Run for %(instant)s.")
    return Sentence(by_hand if run.manual else by_schedule, {"instant": run.scheduled_for.isoformat()})


@pickers.register("workflow runs")
def advance_due(now: datetime) -> int:
    """Advance every run that has something to do; return how many tasks were looked at.

    One run that can't be advanced does not stop the others.
    """
    done = finish_stops(now=now)
    for run in _at_work().prefetch_related("tasks"):
        try:
            done += advance(run.pk, now=now) if _has_work(run, now) else 0
        except Exception:
            logger.exception("run %s could not be advanced", run.pk)
    return done


def advance(run_id: int, *, now: datetime) -> int:
    """Carry the run as far as it goes now; return how many tasks were looked at. Any number may call it at once."""
    run = _at_work().filter(pk=run_id).first()
    return _advance(run, now) if run is not None else 0


def wake(task_id: int, *, now: datetime) -> None:
    """What the task waits for has happened: it is looked at again now, not only at the instant it gave."""
    ActivityRun.objects.filter(pk=task_id, state=TaskState.RUNNING, resume_at__gt=now).update(resume_at=now)


def _at_work() -> Any:
    """The runs whose tasks may start: not those of a workflow that is paused or over, nor of a cancelled operation."""
    by_hand = Q(manual=True, workflow__state=WorkflowState.EDITED)
    # The run of a sub-workflow is paused, resumed and stopped with its parent.
    child = Q(parent_task__isnull=False)
    rows = WorkflowRun.objects.filter(
        Q(workflow__state=WorkflowState.STARTED) | by_hand | child, state__in=[RunState.WAITING, RunState.RUNNING]
    )
    cancelled = Q(workflow__operation__state=OperationState.CANCELLED)
    rows = rows.exclude(Q(workflow__operation__isnull=False) & cancelled)
    return rows.select_related("workflow", "version").order_by("pk")


def _has_work(run: WorkflowRun, now: datetime) -> bool:
    if run.state == RunState.WAITING:
        return _its_turn(run)
    tasks = list(run.tasks.all())
    definition = definition_of(run.version)
    return (
        any(_is_due(task, now) for task in tasks)
        or bool(plan(definition, statuses(tasks)))
        or all(task.state not in UNFINISHED for task in tasks)
        or _ender(tasks) is not None
    )


def _is_due(task: ActivityRun, now: datetime) -> bool:
    instants = (task.resume_at, task.lease_until)
    return task.state == TaskState.RUNNING and any(instant is not None and instant <= now for instant in instants)


def _advance(run: WorkflowRun, now: datetime) -> int:
    if run.state == RunState.WAITING and not _start(run, now):
        return 0
    definition = definition_of(run.version)
    recover(run, now=now)
    done = _look_again(run, definition, now)
    while _still_at_work(run):
        tasks = list(run.tasks.order_by("pk"))
        found = plan(definition, statuses(tasks))
        done += skip(run, found.skipped, now=now)
        claimed = _claim_first(run, found.ready, now)
        if claimed is not None:
            execute(claimed, definition=definition, now=now)
            done += 1
        ended = _end_early(run, now)
        if claimed is None and not found.skipped and not ended:
            break
    _finish(run, now)
    return done


def _start(run: WorkflowRun, now: datetime) -> bool:
    if not _its_turn(run):
        return False
    waiting = WorkflowRun.objects.filter(pk=run.pk, state=RunState.WAITING)
    return bool(RUN_MOVES.move_all(waiting, to=RunState.RUNNING, started_at=now))


def _its_turn(run: WorkflowRun) -> bool:
    after = run.vars.get("_after")
    return after is None or not WorkflowRun.objects.filter(pk=after, state__in=ACTIVE_RUN_STATES).exists()


def _still_at_work(run: WorkflowRun) -> bool:
    return bool(_at_work().filter(pk=run.pk, state=RunState.RUNNING).exists())


def _look_again(run: WorkflowRun, definition: Definition, now: datetime) -> int:
    """Look once at every task that waits for an instant that has come."""
    done = 0
    for task in run.tasks.filter(state=TaskState.RUNNING, resume_at__lte=now).order_by("pk"):
        if _still_at_work(run) and claim(task, now=now):
            execute(task, definition=definition, now=now)
            done += 1
    return done


def _claim_first(run: WorkflowRun, names: list[str], now: datetime) -> ActivityRun | None:
    for task in run.tasks.filter(name__in=names).order_by("pk"):
        if claim(task, now=now):
            return task
    return None


def _ender(tasks: list[ActivityRun]) -> ActivityRun | None:
    """The task that ended the run, while others are unfinished."""
    if all(task.state not in UNFINISHED for task in tasks):
        return None
    return next((task for task in tasks if task.memo.get("ends_run")), None)


def _end_early(run: WorkflowRun, now: datetime) -> int:
    if _ender(list(run.tasks.all())) is None:
        return 0
    return skip_unfinished(run, now=now)


@transaction.atomic
def _finish(run: WorkflowRun, now: datetime) -> None:
    """The run is finished when all its tasks are over, the workflow when nothing can start it again."""
    unfinished = ActivityRun.objects.filter(run=OuterRef("pk"), state__in=UNFINISHED)
    # The workflow first: everybody locks in this order.
    list(Workflow.objects.select_for_update().filter(pk=run.workflow_id).values_list("pk"))
    over = WorkflowRun.objects.filter(~Exists(unfinished), pk=run.pk, state=RunState.RUNNING)
    if RUN_MOVES.move_all(over, to=RunState.FINISHED, ended_at=now):
        RunLog.objects.create(run=run, at=now, **columns(Sentence(gettext_noop("The run is finished."))))
        if run.parent_task_id is not None:
            wake(run.parent_task_id, now=now)
        _finish_workflow(run.workflow_id)


def _finish_workflow(workflow_id: int) -> None:
    types = [code for code, activity_type in activity_types.items() if activity_type.is_scheduler]
    schedulers = Activity.objects.filter(workflow=OuterRef("pk"), retired=False, type__in=types)
    active = WorkflowRun.objects.filter(workflow=OuterRef("pk")).exclude(state__in=FINAL_RUN_STATES)
    over = Workflow.objects.filter(~Exists(schedulers), ~Exists(active), pk=workflow_id, state=WorkflowState.STARTED)
    WORKFLOW_MOVES.move_all(over, to=WorkflowState.FINISHED)
