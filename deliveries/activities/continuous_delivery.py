"""Continuous delivery: one delivery that each run adds people to; the content is that of the shared template."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from deliveries.activities.base import DeliveryActivity, DeliveryConfig
from deliveries.creation import continuous_delivery
from deliveries.models import Delivery, DeliveryTemplate
from deliveries.preparation.population import SEND_AGAIN, SKIP
from operations.workflow.base import TaskContext
from operations.workflow.registry import register


class ContinuousConfig(DeliveryConfig):
    already_in_delivery = forms.ChoiceField(
        label=_("People already in the delivery"),
        choices=[(SKIP, _("Skip")), (SEND_AGAIN, _("Send again"))],
        initial=SKIP,
    )


@register
class ContinuousDelivery(DeliveryActivity):
    code = "continuous_delivery"
    label = _("Continuous delivery")
    has_local_template = False
    Config = ContinuousConfig

    def create(self, context: TaskContext, template: DeliveryTemplate) -> Delivery:
        return continuous_delivery(activity=context.activity, template=template, task=context.task, now=context.now)
