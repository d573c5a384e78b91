"""Recurring delivery: each run makes a new delivery of the series, with its own log, from the activity's template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from deliveries.activities.base import DeliveryActivity, DeliveryConfig
from deliveries.creation import create_occurrence
from deliveries.models import Delivery, DeliveryKind, DeliveryTemplate
from operations.workflow.base import TaskContext
from operations.workflow.registry import register


class RecurringConfig(DeliveryConfig):
    label = forms.CharField(
        label=_("Label"),
        required=False,
        initial="",
        max_length=200,
        help_text=_("The date of the run is added. Empty: the label of the template."),
    )


@register
class RecurringDelivery(DeliveryActivity):
    code = "recurring_delivery"
    label = _("Recurring delivery")
    description = _("A new delivery at each run, with its own log.")
    icon = "repeat"
    kind = DeliveryKind.RECURRING
    needs_operation = True
    Config = RecurringConfig

    def explanation(self, config: Mapping[str, Any]) -> Any:
        return _(
            "Each run makes a new delivery of the series, with its own log and account. The content is the copy that "
            "this activity keeps of the template. A recurring delivery has no proof: preview its next occurrence."
        )

    def create(self, context: TaskContext, template: DeliveryTemplate) -> Delivery:
        label = self.label_of(context, template)
        return create_occurrence(
            activity=context.activity, template=template, task=context.task, label=label, now=context.now
        )

    def label_of(self, context: TaskContext, template: DeliveryTemplate) -> str:
        day = context.run.scheduled_for.astimezone(context.zone).date().isoformat()
        return f"{context.config.get('label') or template.label} – {day}"
