"""Recurring delivery: each run makes a new delivery of the series, with its own log, from the activity's template."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from deliveries.activities.base import DeliveryActivity, DeliveryConfig
from deliveries.creation import create_occurrence
from deliveries.models import Delivery, DeliveryTemplate
from operations.workflow.base import TaskContext
from operations.workflow.registry import register


class RecurringConfig(DeliveryConfig):
    label = forms.CharField(label=_("Label"), required=False, initial="", max_length=200)


@register
class RecurringDelivery(DeliveryActivity):
    code = "recurring_delivery"
    label = _("Recurring delivery")
    needs_operation = True
    Config = RecurringConfig

    def create(self, context: TaskContext, template: DeliveryTemplate) -> Delivery:
        day = context.run.scheduled_for.astimezone(context.zone).date().isoformat()
        label = f"{context.config.get('label') or template.label} – {day}"
        return create_occurrence(
            activity=context.activity, template=template, task=context.task, label=label, now=context.now
        )
