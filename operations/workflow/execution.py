"""One task: claimed, carried out in a single transaction that also writes its result, or failed.

A claim is committed before the work and lasts `LEASE`; the work holds a lock that disappears with its process. A claim
whose time is over and whose lock is free belongs to nobody: the task waits again. What a process that lost its claim
has done is rolled back, so that each task has one committed result.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common.sentences import Parameter, Sentence, columns
from common.sql import fetch_value, truncate_error
from operations.models import ActivityRun, Population, RunLog, RunState, TaskState, WorkflowRun
from operations.models.run import TASK_MOVES
from operations.workflow import added_data
from operations.workflow.base import ActivityFailed, Done, Inbound, TaskContext, Wait
from operations.workflow.control import suspend
from operations.workflow.document import Arrow, Definition
from operations.workflow.plan import TaskStatus, has_fired, is_silent
from operations.workflow.registry import get_type

logger = logging.getLogger("diffusion.workflow")
LEASE = timedelta(minutes=1)
# A database that fails this often on one task won't carry it out.
MAXIMUM_ATTEMPTS = 10


class ClaimLost(Exception):
    """Somebody else has the task now, or it was stopped: nothing of this attempt is kept."""


def statuses(tasks: Iterable[ActivityRun]) -> dict[str, TaskStatus]:
    return {task.name: TaskStatus(task.state, frozenset(task.memo.get("fired", {}))) for task in tasks}


def claim(task: ActivityRun, *, now: datetime) -> bool:
    """Take a waiting task, or one that is to be looked at again; False if somebody else has."""
    lease = now + LEASE
    # A subquery, not a join: the row's own columns must be compared again when somebody else has just changed it.
    running = WorkflowRun.objects.filter(pk=OuterRef("run_id"), state=RunState.RUNNING)
    rows = ActivityRun.objects.filter(Exists(running), pk=task.pk)
    if task.state == TaskState.WAITING:
        with transaction.atomic():
            started = task.started_at or now
            changes: dict[str, Any] = {"lease_until": lease, "attempt": F("attempt") + 1, "started_at": started}
            claimed = TASK_MOVES.move_all(rows.filter(state=TaskState.WAITING), to=TaskState.RUNNING, **changes)
            if claimed and not task.memo:
                _log(task, now, Sentence(gettext_noop("“%(activity)s” starts."), {"activity": task.name}))
    else:
        due = rows.filter(state=TaskState.RUNNING, resume_at__lte=now)
        claimed = due.update(resume_at=None, lease_until=lease)
    if claimed:
        task.refresh_from_db()
    return bool(claimed)


def recover(run: WorkflowRun, *, now: datetime) -> None:
    """The tasks whose executor died wait again."""
    expired = run.tasks.filter(state=TaskState.RUNNING, lease_until__lte=now)
    for task in expired.order_by("pk"):
        with transaction.atomic(), suppress(ClaimLost):
            _hold(task)
            TASK_MOVES.move_all(_mine(task), to=TaskState.WAITING, lease_until=None)
            message = gettext_noop("“%(activity)s” is repeated: its process died.")
            _log(task, now, Sentence(message, {"activity": task.name}), RunLog.Level.WARNING)


def skip(run: WorkflowRun, names: Iterable[str], *, now: datetime) -> int:
    """These waiting tasks will never start."""
    done = 0
    for task in run.tasks.filter(name__in=names, state=TaskState.WAITING).order_by("pk"):
        rows = ActivityRun.objects.filter(pk=task.pk, state=TaskState.WAITING)
        if TASK_MOVES.move_all(rows, to=TaskState.SKIPPED, ended_at=now):
            done += 1
            message = gettext_noop("“%(activity)s” is skipped: nothing leads to it.")
            _log(task, now, Sentence(message, {"activity": task.name}))
    return done


def execute(task: ActivityRun, *, definition: Definition, now: datetime) -> None:
    """Carry out a claimed task. A failure of the task suspends the workflow; one of the database leaves it to be
    repeated."""
    try:
        _carry_out(task, definition, now)
    except ClaimLost:
        logger.warning("task %s was taken away from this process", task.pk)
    except ActivityFailed as error:
        _fail(task, truncate_error(error), now)
    except (OperationalError, InterfaceError) as error:
        if task.attempt < MAXIMUM_ATTEMPTS:
            raise
        _fail(task, truncate_error(error), now)
    except Exception as error:
        logger.exception("task %s (%s) of run %s failed", task.pk, task.name, task.run_id)
        message = _("Unexpected error: %(error)s") % {"error": f"{type(error).__name__}: {truncate_error(error)}"}
        _fail(task, message, now)


@transaction.atomic
def _carry_out(task: ActivityRun, definition: Definition, now: datetime) -> None:
    _hold(task)
    started = monotonic()
    context = _context(task, definition, now)
    activity_type = get_type(definition.nodes[task.name].type)
    outcome = activity_type.rehearse(context) if context.is_rehearsal else activity_type.execute(context)
    if isinstance(outcome, Wait):
        _wait(task, outcome)
    else:
        _done(context, outcome, definition, monotonic() - started)


def _hold(task: ActivityRun) -> None:
    """Be the only process that carries out this task, until the transaction ends; ClaimLost if that is not so.

    SQLite's IMMEDIATE transactions exclude each other already.
    """
    if connection.vendor == "postgresql" and not fetch_value(
        "SELECT pg_try_advisory_xact_lock(hashtext('workflow task'), %s)", [task.pk % 2**31]
    ):
        raise ClaimLost
    if not _mine(task).exists():
        raise ClaimLost


def _mine(task: ActivityRun) -> Any:
    return ActivityRun.objects.filter(
        pk=task.pk, state=TaskState.RUNNING, attempt=task.attempt, lease_until=task.lease_until
    )


def _context(task: ActivityRun, definition: Definition, now: datetime) -> TaskContext:
    run = WorkflowRun.objects.select_related("workflow__operation", "version").get(pk=task.run_id)
    tasks = {other.name: other for other in run.tasks.all()}
    known = statuses(tasks.values())
    arrows = [arrow for arrow in definition.arrows_into(task.name) if arrow.source in tasks]
    fired = [arrow for arrow in arrows if has_fired(arrow, known)]
    return TaskContext(
        workflow=run.workflow,
        run=run,
        task=task,
        activity=task.activity,
        config=definition.nodes[task.name].config,
        inbound=_inbound(fired, tasks),
        now=now,
        silent=[arrow.source for arrow in arrows if is_silent(arrow, known)],
    )


def _inbound(arrows: list[Arrow], tasks: Mapping[str, ActivityRun]) -> list[Inbound]:
    numbers = [tasks[arrow.source].memo["fired"][arrow.outlet] for arrow in arrows]
    populations = Population.objects.in_bulk([number for number in numbers if number is not None])
    return [
        Inbound(arrow.source, arrow.outlet, populations[number] if number is not None else None)
        for arrow, number in zip(arrows, numbers, strict=True)
    ]


def _wait(task: ActivityRun, outcome: Wait) -> None:
    if not _mine(task).update(resume_at=outcome.until, memo=dict(outcome.memo), lease_until=None):
        raise ClaimLost


def _done(context: TaskContext, outcome: Done, definition: Definition, seconds: float) -> None:
    task = context.task
    names = get_type(definition.nodes[task.name].type).outlets(context.config)
    unknown = set(outcome.outlets) - set(names)
    if unknown:
        raise ValueError(f"{task.name} has no outlet {', '.join(sorted(unknown))}")
    added_data.carry(task, [arrival.population for arrival in context.inbound], outcome.outlets.values())
    fired = {name: population.pk if population else None for name, population in outcome.outlets.items()}
    counts = {name: _count(outcome, name) for name in names}
    memo = {**task.memo, "fired": fired, **({"ends_run": True} if outcome.ends_run else {})}
    done = TASK_MOVES.move_all(
        _mine(task),
        to=TaskState.DONE,
        outlets=counts,
        memo=memo,
        lease_until=None,
        resume_at=None,
        ended_at=context.now,
        error="",
    )
    if not done:
        raise ClaimLost
    context.log(_done_message(task, counts, seconds))


def _count(outcome: Done, name: str) -> int | None:
    """Who left by this outlet: nobody where it did not fire, unknown (null) where only a signal travels."""
    if name not in outcome.outlets:
        return 0
    population = outcome.outlets[name]
    return population.count if population else None


def _done_message(task: ActivityRun, counts: Mapping[str, int | None], seconds: float) -> Sentence:
    people = ", ".join(f"{name}: {count}" for name, count in counts.items() if count is not None)
    numbers: dict[str, Parameter] = {"activity": task.name, "seconds": seconds}
    if not people:
        return Sentence(gettext_noop("“%(activity)s” is done in %(seconds).1f s."), numbers)
    message = gettext_noop("“%(activity)s” is done in %(seconds).1f s. %(people)s")
    return Sentence(message, {**numbers, "people": people})


def _fail(task: ActivityRun, message: str, now: datetime) -> None:
    with transaction.atomic():
        run = suspend(task.run_id, error=f"{task.name}: {message}", now=now)
        failed = TASK_MOVES.move_all(_mine(task), to=TaskState.FAILED, error=message, lease_until=None, ended_at=now)
        if not failed:
            transaction.set_rollback(True)
            return
        _log(task, now, f"{task.name}: {message}", RunLog.Level.ERROR)
    logger.info("run %s of workflow %s failed at %s", run.pk, run.workflow_id, task.name)


def _log(task: ActivityRun, now: datetime, message: object, level: str = RunLog.Level.INFO) -> None:
    RunLog.objects.create(run_id=task.run_id, task=task, at=now, level=level, **columns(message))
