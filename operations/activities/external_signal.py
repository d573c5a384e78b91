"""External signal: waits until another system calls; what it says becomes variables of the run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from common.sentences import Sentence
from operations import signals
from operations.workflow.asking import LOOK_AGAIN, DeadlineField
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext, Wait
from operations.workflow.config import ConfigForm
from operations.workflow.registry import register
from operations.workflow.variables import set_variables

EXPIRED = "expired"


class ExternalSignalConfig(ConfigForm):
    timeout = DeadlineField(
        label=_("Deadline"), required=False, help_text=_("Without a signal until then, the people leave by “expired”.")
    )


@register
class ExternalSignalActivity(ActivityType):
    code = signals.CODE
    label = _("External signal")
    description = _("Waits until another system says go, through the API or the command line.")
    icon = "webhook"
    category = "flow"
    may_end_branch = True
    has_side_effects = True
    Config = ExternalSignalConfig

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return ["out", EXPIRED] if config.get("timeout") else ["out"]

    def execute(self, context: TaskContext) -> Outcome:
        signal = signals.take(context.task)
        if signal is not None:
            set_variables(context, **signal.parameters)
            names = ", ".join(sorted(signal.parameters)) or "–"
            context.log(Sentence(gettext_noop("The signal has come; it says: %(names)s."), {"names": names}))
            return Done({"out": context.single_inbound})
        until = _deadline(context)
        if until is not None and context.now >= until:
            context.log(Sentence(gettext_noop("No signal has come in time.")))
            return Done({EXPIRED: context.single_inbound})
        next_look = context.now + LOOK_AGAIN
        return Wait(min(next_look, until or next_look), {"until": until.isoformat() if until else None})


def _deadline(context: TaskContext) -> datetime | None:
    timeout = context.config.get("timeout")
    if not timeout:
        return None
    if "until" in context.task.memo:
        return datetime.fromisoformat(context.task.memo["until"])
    return context.now + timedelta(**{timeout["unit"]: timeout["duration"]})
