"""Deleting a workflow, together with what beat keeps for it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import IllegalState
from operations.models import Workflow, WorkflowState
from operations.schedules import forget_workflow


class WorkflowAtWork(IllegalState):
    """A workflow that is started or paused can't be deleted."""


def delete_workflow(*, workflow: Workflow) -> None:
    """Delete a workflow that is not at work; one that has runs is protected by the database (ProtectedError)."""
    if workflow.state in (WorkflowState.STARTED, WorkflowState.PAUSED):
        raise WorkflowAtWork(_("Stop the workflow before deleting it."))
    with transaction.atomic():
        forget_workflow(workflow.pk)
        workflow.delete()
