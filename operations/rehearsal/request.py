"""Asking for a rehearsal: a row that says so; a worker, or the command itself, does it."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from common.errors import Invalid
from operations.models import Rehearsal, Workflow, WorkflowVersion
from operations.workflow.definition import read_definition
from operations.workflow.graph import GraphFaults, find_faults

DEFAULT_WEEKS = 4
MAXIMUM_WEEKS = 53


class InvalidPeriod(Invalid):
    """The number of weeks can't be rehearsed."""

    code = "invalid_period"


def request_rehearsal(
    *, workflow: Workflow, weeks: int = DEFAULT_WEEKS, by: User | None = None, now: datetime
) -> Rehearsal:
    """Ask for the next `weeks` of the saved definition. Raises InvalidPeriod, GraphFaults.

    It may be in any state: what would it do if it were started now.
    """
    if not 1 <= weeks <= MAXIMUM_WEEKS:
        message = _("A rehearsal covers 1 to %(maximum)d weeks.") % {"maximum": MAXIMUM_WEEKS}
        raise InvalidPeriod(message, fields={"weeks": [message]})
    version = WorkflowVersion.objects.filter(workflow=workflow, number=workflow.version).first()
    if version is None:
        raise InvalidPeriod(_("The workflow is empty: draw and save it first."))
    faults = find_faults(read_definition(workflow), workflow)
    if faults:
        raise GraphFaults(faults)
    return Rehearsal.objects.create(
        workflow=workflow,
        version=version,
        starts_at=now,
        # By the clock on the wall: the change of hour takes no run away.
        ends_at=now.astimezone(ZoneInfo(workflow.zone_name())) + timedelta(weeks=weeks),
        requested_by=by,
        requested_at=now,
    )
