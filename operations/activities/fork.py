"""Fork: the same people (or the same signal) leave through every outlet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.fields import JsonField, check_outlets
from operations.workflow.registry import register


class OutletsField(JsonField):
    def check(self, value: Any) -> None:
        if not isinstance(value, list):
            raise forms.ValidationError(_("A list of names is needed here."))
        check_outlets(value)


class ForkConfig(ConfigForm):
    outlets = OutletsField(label=gettext_lazy("Outlets"))


@register
class Fork(ActivityType):
    code = "fork"
    label = gettext_lazy("Fork")
    category = "flow"
    Config = ForkConfig

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return list(config["outlets"])

    def execute(self, context: TaskContext) -> Outcome:
        return Done(dict.fromkeys(self.outlets(context.config), context.single_inbound))
