"""Delivery outline: gives the people who pass the pieces of a composition, for the messages after it to show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from common.sentences import Sentence
from deliveries.models import DeliveryOutline
from deliveries.outlines import CONTACT_DATE
from operations.models import Activity
from operations.occurrences import InvalidSchedule, local_instant
from operations.workflow import added_data, populations
from operations.workflow.base import ActivityFailed, ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm, InvalidConfig
from operations.workflow.fields import MAXIMUM_CHOICES
from operations.workflow.registry import register
from recipients.models import Recipient


class OutlineField(forms.IntegerField):
    """The number of an outline of the operation."""

    def describe(self, scope: Any) -> dict[str, Any]:
        rows = DeliveryOutline.objects.filter(operation=scope.operation).order_by("label", "pk")
        choices = rows.values_list("pk", "label")[:MAXIMUM_CHOICES] if scope.operation else []
        return {"editor": "choice", "choices": [list(choice) for choice in choices]}


class MomentField(forms.CharField):
    """A local date or time, kept as it was written."""

    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "datetime"}

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            if text:
                local_instant(text, ZoneInfo("UTC"))
        except InvalidSchedule as error:
            raise forms.ValidationError(str(error)) from None
        return text


class OutlineConfig(ConfigForm):
    outline = OutlineField(label=gettext_lazy("Outline"))
    planned_contact_date = MomentField(
        label=gettext_lazy("Planned contact date"),
        required=False,
        initial="",
        help_text=gettext_lazy("Empty: that of the outline."),
    )

    def clean_outline(self) -> int:
        number: int = self.cleaned_data["outline"]
        if not DeliveryOutline.objects.filter(pk=number, operation=self.scope.operation).exists():
            raise forms.ValidationError(_("The operation has no outline %(number)s.") % {"number": number})
        return number


@register
class OutlineActivity(ActivityType):
    code = "delivery_outline"
    label = gettext_lazy("Delivery outline")
    description = gettext_lazy(
        "Gives everybody who passes the pieces of an outline, which messages after it show as target.<name>."
    )
    icon = "layers"
    category = "deliveries"
    needs_operation = True
    Config = OutlineConfig

    def adds(self, config: Mapping[str, Any]) -> list[str]:
        outline = DeliveryOutline.objects.filter(pk=config["outline"]).first()
        return [item["name"] for item in outline.items] + [CONTACT_DATE] if outline else []

    def execute(self, context: TaskContext) -> Outcome:
        population = context.required_population()
        outline = DeliveryOutline.objects.filter(pk=context.config["outline"]).first()
        if outline is None or not outline.items:
            raise ActivityFailed(_("The outline of “%(activity)s” is gone or empty.") % {"activity": context.activity})
        values = {item["name"]: item["value"] for item in outline.items}
        planned = self._planned(context, outline)
        if planned is not None:
            values[CONTACT_DATE] = planned.astimezone(context.zone).isoformat()
        given = populations.store(context.task, "out", populations.members(population))
        people = populations.within(Recipient.objects.order_by(), given)
        columns = {name: added_data.constant(value) for name, value in values.items()}
        count = added_data.add(given, people, columns, onto=population)
        message = gettext_noop("The outline “%(label)s” goes with %(count)d people.")
        context.log(Sentence(message, {"label": outline.label, "count": count}))
        return Done({"out": given})

    def exported(self, activity: Activity) -> dict[str, Any]:
        outline = DeliveryOutline.objects.filter(pk=activity.config["outline"]).first()
        return {**activity.config, "outline": outline.internal_name if outline else activity.config["outline"]}

    def imported(self, exported: Mapping[str, Any]) -> dict[str, Any]:
        name = exported.get("outline")
        number = DeliveryOutline.objects.filter(internal_name=str(name)).values_list("pk", flat=True).first()
        if number is None:
            message = _("There is no outline with the internal name “%(name)s”.") % {"name": name}
            raise InvalidConfig(message, fields={"outline": [message]})
        return {**exported, "outline": number}

    def _planned(self, context: TaskContext, outline: DeliveryOutline) -> datetime | None:
        written = context.config.get("planned_contact_date")
        return local_instant(written, context.zone) if written else outline.planned_contact_date
