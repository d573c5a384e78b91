"""What is asked before an operation is cancelled: everything that it stops."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.admin import Dialog
from operations.models import Activity, Operation, WorkflowState
from operations.participants import participants
from operations.timetable import scheduler_types


def cancel_dialog(operation: Operation) -> Dialog:
    stakes = [line for participant in participants for line in participant.at_stake(operation.pk)]
    return Dialog(
        title=_("Cancel the operation “%(label)s”?") % {"label": operation},
        lines=[*_workflows(operation), *stakes, _("Nothing of it starts again: a cancelled operation stays so.")],
        button=_("Cancel the operation"),
        keep=_("Keep the operation"),
        asks_reason=True,
        reasons=_reasons(),
    )


def _reasons() -> list[str]:
    return [
        _("The campaign was given up"),
        _("Mistake in the content"),
        _("Mistake in the target"),
        _("Replaced by another one"),
    ]


def _workflows(operation: Operation) -> list[str]:
    at_work = operation.workflows.filter(state__in=[WorkflowState.STARTED, WorkflowState.PAUSED])
    count = at_work.count()
    if not count:
        return [_("No workflow of it is at work.")]
    schedules = Activity.objects.filter(workflow__in=at_work, retired=False, type__in=scheduler_types()).count()
    workflows = ngettext(
        "%(count)d workflow is stopped, with its runs.", "%(count)d workflows are stopped, with their runs.", count
    )
    starts = ngettext("%(count)d schedule starts nothing more.", "%(count)d schedules start nothing more.", schedules)
    return [workflows % {"count": count}, *([starts % {"count": schedules}] if schedules else [])]
