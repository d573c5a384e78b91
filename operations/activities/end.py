"""End: marks the end of a branch; on request it ends the whole run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.fields import FlagField
from operations.workflow.registry import register


class EndConfig(ConfigForm):
    stop_all = FlagField(
        label=_("Stop the other tasks of the run"),
        initial=False,
        help_text=_("Ends the whole run as soon as this branch is here, even where other branches are still at work."),
    )


@register
class End(ActivityType):
    code = "end"
    label = _("End")
    description = _("Marks the end of a branch.")
    icon = "circle-stop"
    category = "flow"
    maximum_inbound = None
    may_end_branch = True
    Config = EndConfig

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return []

    def execute(self, context: TaskContext) -> Outcome:
        return Done(ends_run=context.config["stop_all"])
