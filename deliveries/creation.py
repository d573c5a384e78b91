"""Making deliveries: by hand, and once for each task of an activity."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from common.errors import IllegalState
from deliveries.models import Delivery, DeliveryKind, DeliverySeries, DeliveryState, DeliveryTemplate
from deliveries.templates import COPIED_FIELDS
from operations.models import Activity, ActivityRun, Operation


class ContinuousDeliveryEnded(IllegalState):
    """The continuous delivery of this activity was stopped or failed: nothing can be added to it."""


class OneOffDeliveryUsed(IllegalState):
    """The activity's one delivery belongs to another run."""


def create_delivery(
    template: DeliveryTemplate,
    *,
    now: datetime,
    label: str | None = None,
    operation: Operation | None = None,
    target: Mapping[str, Any] | None = None,
) -> Delivery:
    """A one-off delivery made by hand, being edited."""
    values = {"operation": operation, "target": None if target is None else dict(target)}
    return _create(template, label or template.label, now, kind=DeliveryKind.ONE_OFF, **values)


@transaction.atomic
def create_occurrence(
    *, activity: Activity, template: DeliveryTemplate, task: ActivityRun, label: str, now: datetime
) -> Delivery:
    """The next delivery of the activity's series; the same one again for the same task."""
    series = _lock_series(activity, template)
    made = Delivery.objects.filter(task=task).first()
    if made is not None:
        return made
    last = Delivery.objects.filter(series=series).aggregate(last=Max("occurrence"))["last"]
    return _create(
        template,
        label,
        now,
        kind=DeliveryKind.RECURRING,
        series=series,
        occurrence=(last or 0) + 1,
        **_of_task(activity, task),
    )


@transaction.atomic
def continuous_delivery(
    *, activity: Activity, template: DeliveryTemplate, task: ActivityRun, now: datetime
) -> Delivery:
    """The activity's one continuous delivery, made by its first run, with the template's content of today.

    Raises ContinuousDeliveryEnded.
    """
    # The lock keeps two first runs from making one each.
    Activity.objects.select_for_update().get(pk=activity.pk)
    made = Delivery.objects.filter(activity=activity, kind=DeliveryKind.CONTINUOUS).order_by("-pk").first()
    if made is None:
        return _create(template, template.label, now, kind=DeliveryKind.CONTINUOUS, **_of_task(activity, task))
    if made.stop_requested or made.state in (DeliveryState.STOPPED, DeliveryState.FAILED):
        raise ContinuousDeliveryEnded(
            _(
                "The continuous delivery “%(label)s” is “%(state)s”: nothing can be added to it. "
                "To go on, put a new continuous delivery activity in its place."
            )
            % {"label": made.label, "state": made.get_state_display()}
        )
    _take_content(made, template)
    return made


@transaction.atomic
def create_one_off(*, activity: Activity, template: DeliveryTemplate, task: ActivityRun, now: datetime) -> Delivery:
    """The one delivery of a channel delivery activity. Raises OneOffDeliveryUsed for every task but the first."""
    Activity.objects.select_for_update().get(pk=activity.pk)
    made = Delivery.objects.filter(activity=activity, kind=DeliveryKind.ONE_OFF).order_by("-pk").first()
    if made is None:
        return _create(template, template.label, now, kind=DeliveryKind.ONE_OFF, **_of_task(activity, task))
    if made.task_id == task.pk:
        return made
    raise OneOffDeliveryUsed(
        _(
            "This activity has made its one delivery, “%(label)s” (%(state)s), in an earlier run. "
            "To send at each run, use a recurring delivery (a new delivery each time) "
            "or a continuous delivery (one delivery that grows)."
        )
        % {"label": made.label, "state": made.get_state_display()}
    )


@transaction.atomic
def create_for_task(*, activity: Activity, template: DeliveryTemplate, task: ActivityRun, now: datetime) -> Delivery:
    """A one-off delivery of its own for each run; the same one again for the same task."""
    made = Delivery.objects.filter(task=task).first()
    if made is not None:
        return made
    return _create(template, template.label, now, kind=DeliveryKind.ONE_OFF, **_of_task(activity, task))


def _lock_series(activity: Activity, template: DeliveryTemplate) -> DeliverySeries:
    defaults = {"label": activity.label or template.label, "operation": activity.workflow.operation}
    DeliverySeries.objects.get_or_create(activity=activity, defaults=defaults)
    return DeliverySeries.objects.select_for_update().get(activity=activity)


def _of_task(activity: Activity, task: ActivityRun) -> dict[str, Any]:
    operation = activity.workflow.operation
    return {"activity": activity, "task": task, "workflow_run": task.run, "operation": operation}


def _create(template: DeliveryTemplate, label: str, now: datetime, **values: Any) -> Delivery:
    copied = {name: getattr(template, name) for name in COPIED_FIELDS}
    return Delivery.objects.create(template=template, label=label[:250], created_at=now, **copied, **values)


def _take_content(delivery: Delivery, template: DeliveryTemplate) -> None:
    """Later analyses freeze what the template says now; those done keep their version."""
    content = {name: getattr(template, name) for name in Delivery.CONTENT_FIELDS}
    Delivery.objects.filter(pk=delivery.pk).update(**content)
    for name, value in content.items():
        setattr(delivery, name, value)
