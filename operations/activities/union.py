"""Union: everybody who comes in, once."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from operations.workflow import populations
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.registry import register


@register
class Union(ActivityType):
    code = "union"
    label = _("Union")
    description = _("Brings everybody who comes in together, each person once.")
    icon = "combine"
    maximum_inbound = None
    Config = ConfigForm

    def execute(self, context: TaskContext) -> Outcome:
        people = populations.union([arrival.population for arrival in context.inbound])
        return Done({"out": populations.store(context.task, "out", people)})
