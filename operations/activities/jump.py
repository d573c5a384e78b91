"""Jump: an arrow without a line. People who come to its start point go on at the end point with the same number.

In a sub-workflow, an end point that no start point leads to is an entry, and a start point without an end the exit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from operations.workflow import populations
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.document import JUMP, JUMP_END, JUMP_START
from operations.workflow.registry import register
from operations.workflow.variables import handed_over

MAXIMUM_NUMBER = 999


class JumpConfig(ConfigForm):
    kind = forms.ChoiceField(
        label=_("Point"),
        choices=[(JUMP_START, _("Start: people leave from here")), (JUMP_END, _("End: people arrive here"))],
        initial=JUMP_START,
    )
    number = forms.IntegerField(
        label=_("Number"),
        min_value=1,
        max_value=MAXIMUM_NUMBER,
        initial=1,
        help_text=_("People go from every start to the end with the same number."),
    )


@register
class Jump(ActivityType):
    code = JUMP
    label = _("Jump")
    description = _("Continues elsewhere in the drawing without a line: people go from a start to the end it names.")
    icon = "signpost"
    category = "flow"
    minimum_inbound = 0
    maximum_inbound = None
    may_end_branch = True
    Config = JumpConfig

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return ["out"]

    def execute(self, context: TaskContext) -> Outcome:
        came = [arrival.population for arrival in context.inbound if arrival.population is not None]
        if len(came) > 1:
            return Done({"out": populations.store(context.task, "out", populations.union(came))})
        return Done({"out": came[0] if came else handed_over(context)})
