"""E-mail delivery: one delivery for the workflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.activities.base import DeliveryActivity, DeliveryConfig, TemplateField
from deliveries.creation import create_one_off
from deliveries.models import Delivery, DeliveryTemplate
from operations.workflow.base import TaskContext
from operations.workflow.registry import register
from recipients.vocabulary import Channel


class EmailConfig(DeliveryConfig):
    template = TemplateField(Channel.EMAIL, help_text=gettext_lazy("The content and the settings of what is sent."))

    def clean_template(self) -> int:
        number = super().clean_template()
        if not DeliveryTemplate.objects.filter(pk=number, channel=Channel.EMAIL).exists():
            raise forms.ValidationError(_("Delivery template %(number)s is not an e-mail.") % {"number": number})
        return number


@register
class EmailDelivery(DeliveryActivity):
    code = "email_delivery"
    label = gettext_lazy("E-mail delivery")
    description = gettext_lazy("One e-mail delivery for the workflow, made by its first run.")
    icon = "mail"
    Config = EmailConfig

    def explanation(self, config: Mapping[str, Any]) -> Any:
        return _("This activity makes one delivery, in its first run; to send at each run, use a recurring delivery.")

    def create(self, context: TaskContext, template: DeliveryTemplate) -> Delivery:
        return create_one_off(activity=context.activity, template=template, task=context.task, now=context.now)
