"""Start: marks where a workflow begins."""

from __future__ import annotations

from django.utils.translation import gettext_lazy, pgettext_lazy

from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.registry import register
from operations.workflow.variables import handed_over


@register
class Start(ActivityType):
    code = "start"
    label = pgettext_lazy("activity", "Start")
    description = gettext_lazy("Marks where a workflow without a schedule begins.")
    icon = "play"
    category = "flow"
    minimum_inbound = 0
    maximum_inbound = 0
    Config = ConfigForm

    def execute(self, context: TaskContext) -> Outcome:
        return Done({"out": handed_over(context)})
