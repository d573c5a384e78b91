"""Signals of other systems: kept until a task of their activity takes them, each once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import Conflict, Invalid
from operations.models import Activity, ActivityRun, ExternalSignal, TaskState
from operations.workflow import engine
from operations.workflow.variables import check_variables

CODE = "external_signal"
# A system that signals an activity which nothing takes up must not fill the database.
MAXIMUM_KEPT = 1_000


class NotASignal(Invalid):
    """The activity waits for no signal."""

    code = "not_a_signal"


class TooManySignals(Conflict):
    """Nothing takes the signals that are kept already."""

    code = "too_many_signals"


@transaction.atomic
def receive(activity: Activity, *, parameters: Mapping[str, Any], now: datetime) -> ExternalSignal:
    """Keep the signal and wake the tasks that wait for one. Raises NotASignal, InvalidVariables, TooManySignals."""
    if activity.type != CODE or activity.retired:
        raise NotASignal(_("The activity “%(name)s” waits for no signal.") % {"name": activity})
    variables = check_variables(parameters)
    if ExternalSignal.objects.filter(activity=activity, taken_by__isnull=True).count() >= MAXIMUM_KEPT:
        message = _("%(number)d signals wait for “%(name)s” already: no run takes them.")
        raise TooManySignals(message % {"number": MAXIMUM_KEPT, "name": activity})
    signal = ExternalSignal.objects.create(activity=activity, received_at=now, parameters=variables)
    waiting = ActivityRun.objects.filter(activity=activity, state=TaskState.RUNNING)
    for task_id in waiting.order_by("pk").values_list("pk", flat=True):
        engine.wake(task_id, now=now)
    return signal


def take(task: ActivityRun) -> ExternalSignal | None:
    """The oldest signal that nobody has taken; it is this task's from now on."""
    free = ExternalSignal.objects.filter(activity=task.activity_id, taken_by__isnull=True)
    for number in free.order_by("pk").values_list("pk", flat=True)[:MAXIMUM_KEPT]:
        if free.filter(pk=number).update(taken_by=task):
            return ExternalSignal.objects.get(pk=number)
    return None
