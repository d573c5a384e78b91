"""Which delivery an activity means by “the one of the transition”: the nearest that an activity before it wrote to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from deliveries.models import Delivery, DeliveryKind, Preparation
from deliveries.models.delivery import FINAL_STATES
from operations.models import Activity, ActivityRun
from operations.workflow.base import ActivityFailed, TaskContext
from operations.workflow.config import InvalidConfig
from operations.workflow.document import definition_of
from operations.workflow.variables import set_variables

TRANSITION, EXPLICIT = "transition", "explicit"
# The variable of the run that names the delivery which a task wrote to last.
VARIABLE = "delivery"
MAXIMUM_CHOICES = 500


class DeliveryField(forms.IntegerField):
    """The number of a delivery that is no proof."""

    def describe(self, scope: Any) -> dict[str, Any]:
        rows = Delivery.objects.exclude(kind=DeliveryKind.PROOF).exclude(state__in=FINAL_STATES)
        choices = rows.order_by("-pk").values_list("pk", "label")[:MAXIMUM_CHOICES]
        return {"editor": "choice", "choices": [list(choice) for choice in choices]}

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        if number is not None and not _proper().filter(pk=number).exists():
            raise forms.ValidationError(_("There is no delivery %(number)s.") % {"number": number})
        return number


def chosen_delivery(context: TaskContext) -> Delivery:
    """The delivery that the configuration means (`delivery`, `delivery_id`). Raises ActivityFailed."""
    number = context.config.get("delivery_id")
    if context.config["delivery"] == EXPLICIT:
        found = _proper().filter(pk__in=[number]).first()
        if found is None:
            raise ActivityFailed(_("There is no delivery %(number)s.") % {"number": number})
        return found
    found = _before(context)
    if found is None:
        message = _("No delivery comes in: put an activity that makes one before “%(activity)s”.")
        raise ActivityFailed(message % {"activity": context.activity})
    return found


def remember(context: TaskContext, delivery: Delivery) -> None:
    """Activities after this one may go on with the delivery."""
    set_variables(context, **{VARIABLE: delivery.pk})
    context.task.memo = {**context.task.memo, "delivery": delivery.pk}


def require_chosen(form: forms.Form, cleaned: Mapping[str, Any], name: str = "delivery_id") -> None:
    """Add an error where the choice of delivery needs this field and it is empty."""
    if cleaned.get(name) is None and name not in form.errors:
        form.add_error(name, _("It is needed for this choice of delivery."))


def export_chosen(activity: Activity) -> dict[str, Any]:
    """The configuration with its `delivery_id` by label."""
    return {**activity.config, "delivery_id": _to_label(activity.config.get("delivery_id"))}


def import_chosen(exported: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with its `delivery_id` by number. Raises InvalidConfig."""
    return {**exported, "delivery_id": _to_number(exported.get("delivery_id"))}


def _to_label(number: Any) -> Any:
    """A delivery has no internal name: it travels by its label."""
    return Delivery.objects.filter(pk__in=[number]).values_list("label", flat=True).first() or number


def _to_number(label: Any) -> int | None:
    """The one delivery with this label. Raises InvalidConfig when there is none, or several."""
    if label is None:
        return None
    numbers = list(_proper().filter(label=str(label)).values_list("pk", flat=True)[:2])
    if len(numbers) != 1:
        message = _("There is not exactly one delivery “%(label)s” here.") % {"label": label}
        raise InvalidConfig(message, fields={"delivery_id": [message]})
    return int(numbers[0])


def _before(context: TaskContext) -> Delivery | None:
    drawing = definition_of(context.run.version)
    tasks = {task.name: task for task in context.run.tasks.all()}
    level, seen = drawing.sources_of(context.task.name), {context.task.name}
    while level:
        found = _written_by([tasks[name] for name in level if name in tasks])
        if found is not None:
            return found
        seen.update(level)
        level = [name for source in level for name in drawing.sources_of(source) if name not in seen]
    return _proper().filter(pk__in=[context.run.vars.get(VARIABLE)]).first()


def _written_by(tasks: list[ActivityRun]) -> Delivery | None:
    named = [task.memo["delivery"] for task in tasks if "delivery" in task.memo]
    prepared = Preparation.objects.filter(task__in=tasks).values_list("delivery", flat=True)
    found = _proper().filter(pk__in=[*named, *prepared]) | _proper().filter(task__in=tasks)
    return found.order_by("-pk").first()


def _proper() -> QuerySet[Delivery]:
    return Delivery.objects.exclude(kind=DeliveryKind.PROOF)
