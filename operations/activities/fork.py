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
    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "outlets", "fresh": [_("branch 1"), _("branch 2")]}

    def check(self, value: Any) -> None:
        if not isinstance(value, list):
            raise forms.ValidationError(_("A list of names is needed here."))
        check_outlets(value)


class ForkConfig(ConfigForm):
    outlets = OutletsField(
        label=gettext_lazy("Outlets"), help_text=gettext_lazy("One name for each branch; the same people leave by all.")
    )


@register
class Fork(ActivityType):
    code = "fork"
    label = gettext_lazy("Fork")
    description = gettext_lazy("Lets the same people go on along several branches at once.")
    icon = "git-fork"
    category = "flow"
    Config = ForkConfig

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return list(config["outlets"])

    def execute(self, context: TaskContext) -> Outcome:
        return Done(dict.fromkeys(self.outlets(context.config), context.single_inbound))
