"""A task that is carried out a second time, as after a crash before its transaction was committed."""

from __future__ import annotations

from datetime import datetime

from operations.models import ActivityRun, Population, RunState, TaskState, WorkflowRun
from operations.workflow import engine


def repeat(run: WorkflowRun, name: str, *, now: datetime) -> None:
    """Forget what this task of a finished run wrote about itself, and carry it out again."""
    Population.objects.filter(task__run=run, task__name=name).delete()
    ActivityRun.objects.filter(run=run, name=name).update(state=TaskState.WAITING, memo={}, ended_at=None)
    WorkflowRun.objects.filter(pk=run.pk).update(state=RunState.RUNNING, ended_at=None)
    engine.advance(run.pk, now=now)
