"""What is asked before a workflow is stopped: what ends with it, and what goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.admin.dialogs import Dialog
from common.registry import Registry
from operations.models import Workflow
from operations.models.run import ACTIVE_RUN_STATES
from operations.timetable import scheduler_types

# (workflow) -> sentences: what apps downstream end with the workflow, and what they still send.
stop_consequences: Registry[Callable[[Workflow], Iterable[Any]]] = Registry("consequences of a stop")


def run_now_dialog(workflow: Workflow) -> Dialog:
    return Dialog(
        title=_("Run now"), lines=[_("Run the workflow once, now?")], button=_("Run now"), is_destructive=False
    )


def stop_dialog(workflow: Workflow) -> Dialog:
    lines = [*_own(workflow), *(line for consequence in stop_consequences for line in consequence(workflow))]
    return Dialog(
        title=_("Stop “%(workflow)s”?") % {"workflow": workflow},
        lines=lines,
        button=_("Stop the workflow"),
        keep=_("Keep it running"),
        asks_reason=True,
    )


def _own(workflow: Workflow) -> list[str]:
    runs = workflow.runs.filter(state__in=ACTIVE_RUN_STATES).count()
    schedulers = workflow.activities.filter(retired=False, type__in=scheduler_types()).count()
    lines = []
    if runs:
        lines.append(
            ngettext(
                "%(count)d run that is not over is stopped: what it has not begun will not happen.",
                "%(count)d runs that are not over are stopped: what they have not begun will not happen.",
                runs,
            )
            % {"count": runs}
        )
    if schedulers:
        sentence = ngettext(
            "%(count)d schedule starts no further run.", "%(count)d schedules start no further run.", schedulers
        )
        lines.append(sentence % {"count": schedulers})
    return lines or [_("It starts no further run.")]
