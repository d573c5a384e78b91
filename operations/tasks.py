"""Doorbells and sweeps: each wakes pickers; a lost, late or doubled message changes nothing."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from operations.due_runs import start_due_runs
from operations.rehearsal.work import waiting_rehearsals, work_on
from operations.workflow import engine
from operations.workflow.pump import pump_once, pump_slowly


@shared_task(name="operations.sweep")
def sweep(**kwargs: Any) -> None:
    pump_once(timezone.now())


@shared_task(name="operations.sweep_slowly")
def sweep_slowly(**kwargs: Any) -> None:
    pump_slowly(timezone.now())


@shared_task(name="operations.tick")
def tick(**kwargs: Any) -> None:
    """An instant of a schedule has come (or beat thinks so)."""
    start_due_runs(timezone.now())


@shared_task(name="operations.advance_run")
def advance_run(*, run_id: int, **kwargs: Any) -> None:
    engine.advance(run_id, now=timezone.now())


@shared_task(name="operations.rehearse")
def rehearse(**kwargs: Any) -> None:
    """Apart from the sweep, which would wait for it."""
    for number in waiting_rehearsals(now=timezone.now()):
        work_on(number, now=timezone.now())
