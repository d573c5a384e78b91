"""Wait: goes on after a delay; the people who came in go on with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from operations.workflow.base import ActivityType, Done, Outcome, TaskContext, Wait
from operations.workflow.config import ConfigForm
from operations.workflow.registry import register

UNITS = {"minutes": _("minutes"), "hours": _("hours"), "days": _("days")}
MAXIMUM_DURATION = 1_000_000


class DurationField(forms.IntegerField):
    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "number", "min": self.min_value, "max": self.max_value, "fresh": 1}


class WaitConfig(ConfigForm):
    duration = DurationField(
        label=_("Duration"),
        min_value=1,
        max_value=MAXIMUM_DURATION,
        help_text=_("Counted from the moment at which the people arrive here."),
    )
    unit = forms.ChoiceField(label=_("Unit"), choices=list(UNITS.items()), initial="minutes")


@register
class WaitActivity(ActivityType):
    code = "wait"
    label = _("Wait")
    description = _("Holds the branch for a while, then goes on with the same people.")
    icon = "hourglass"
    category = "flow"
    Config = WaitConfig

    def execute(self, context: TaskContext) -> Outcome:
        if "until" not in context.task.memo:
            until = context.now + timedelta(**{context.config["unit"]: context.config["duration"]})
            return Wait(until, {"until": until.isoformat()})
        until = datetime.fromisoformat(context.task.memo["until"])
        return Wait(until, context.task.memo) if context.now < until else Done({"out": context.single_inbound})
