"""The first tab: figures, workflows, what apps downstream show, what asks for a decision, what was done lately."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from installation.audit import entries_of
from operations.admin.operation.workflows import SHOWN, cards_of
from operations.admin.panels import Decision, operation_decisions, operation_panels, operation_tiles
from operations.models import Operation, WorkflowRun
from operations.models.run import RunState

LATEST = 6


def dashboard(request: HttpRequest, operation: Operation) -> dict[str, Any]:
    workflows = list(operation.workflows.order_by("-pk")[:SHOWN])
    may_see = request.user.has_perm("operations.view_workflow")
    return {
        "tiles": [tile for tiles in operation_tiles for tile in tiles(request, operation)],
        "cards": cards_of(request, workflows) if may_see else [],
        "may_add_workflow": request.user.has_perm("operations.add_workflow"),
        "panels": [html for html in (panel(request, operation) for panel in operation_panels) if html],
        "decisions": [found for find in operation_decisions for found in find(request, operation)],
        "entries": list(entries_of(operation)[:LATEST]),
    }


@operation_decisions.register("failed workflows")
def failed_workflows(request: HttpRequest, operation: Operation) -> Iterator[Decision]:
    failed = WorkflowRun.objects.filter(workflow__operation=operation, workflow__failed=True, state=RunState.FAILED)
    for run in failed.select_related("workflow").order_by("-pk")[:SHOWN]:
        yield Decision(
            title=_("“%(workflow)s” has failed") % {"workflow": run.workflow},
            evidence=run.error,
            remedy=_("Open the workflow"),
            url=f"{reverse('admin:operations_workflow_change', args=[run.workflow_id])}?run={run.pk}",
            tone="bad",
            icon="octagon-x",
        )
