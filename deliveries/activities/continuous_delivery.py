"""Continuous delivery: one delivery that each run adds people to; the content is that of the shared template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from deliveries.activities.base import DeliveryActivity, DeliveryConfig
from deliveries.creation import continuous_delivery
from deliveries.models import Delivery, DeliveryKind, DeliveryTemplate
from deliveries.preparation.population import SEND_AGAIN, SKIP
from operations.workflow.base import TaskContext
from operations.workflow.registry import register


class ContinuousConfig(DeliveryConfig):
    already_in_delivery = forms.ChoiceField(
        label=_("People already in the delivery"),
        choices=[(SKIP, _("Skip")), (SEND_AGAIN, _("Send again"))],
        initial=SKIP,
        help_text=_("What happens to somebody who comes in again."),
    )


@register
class ContinuousDelivery(DeliveryActivity):
    code = "continuous_delivery"
    label = _("Continuous delivery")
    description = _("One delivery that grows: each run adds its people to it.")
    icon = "infinity"
    kind = DeliveryKind.CONTINUOUS
    has_local_template = False
    Config = ContinuousConfig

    def explanation(self, config: Mapping[str, Any]) -> Any:
        return _(
            "All runs write to one delivery, with one log and one account. Its content is that of the template: "
            "editing it here changes the template, for the people of the next runs."
        )

    def create(self, context: TaskContext, template: DeliveryTemplate) -> Delivery:
        return continuous_delivery(activity=context.activity, template=template, task=context.task, now=context.now)
