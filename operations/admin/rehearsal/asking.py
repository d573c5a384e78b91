"""Asking for a rehearsal on the page: the button's dialog, and what it does with the answer."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.admin.dialogs import Choice, Dialog
from common.doorbell import ring
from operations import tasks
from operations.models import Workflow
from operations.rehearsal.request import DEFAULT_WEEKS, MAXIMUM_WEEKS, InvalidPeriod, request_rehearsal

# The usual one first.
OFFERED_WEEKS = (DEFAULT_WEEKS, 1, 13, MAXIMUM_WEEKS)


def rehearse_dialog(workflow: Workflow) -> Dialog:
    return Dialog(
        title=_("Rehearse “%(workflow)s”?") % {"workflow": workflow},
        lines=[
            _("Nothing is sent and nothing is written: the saved drawing is played with the people of today."),
            _("It may be in any state: this is what it would do if it were started now."),
        ],
        choices=[_choice(weeks) for weeks in OFFERED_WEEKS],
        keep=_("Back"),
        is_destructive=False,
    )


def ask(request: HttpRequest, workflow: Workflow) -> HttpResponseRedirect:
    """`choice` in the form is the number of weeks. Raises InvalidPeriod, GraphFaults."""
    user: Any = request.user
    weeks = _weeks(request.POST.get("choice", ""))
    rehearsal = request_rehearsal(workflow=workflow, weeks=weeks, by=user, now=timezone.now())
    ring(tasks.rehearse)
    address = reverse("admin:operations_workflow_rehearsal", args=[workflow.pk])
    return HttpResponseRedirect(f"{address}?shown={rehearsal.pk}")


def _choice(weeks: int) -> Choice:
    label = ngettext("The next %(count)d week", "The next %(count)d weeks", weeks) % {"count": weeks}
    return Choice(str(weeks), label, "", _("Rehearse"))


def _weeks(text: str) -> int:
    if not text:
        return DEFAULT_WEEKS
    if not text.isdecimal() or len(text) > 4:
        message = _("The number of weeks is a whole number.")
        raise InvalidPeriod(message, fields={"weeks": [message]})
    return int(text)
