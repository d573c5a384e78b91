"""Everything that the scripts of the drawing need to begin: one document in the page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.translation import gettext as _

from operations.admin.badges import workflow_badge
from operations.admin.canvas.types import categories, type_documents
from operations.models import Workflow, WorkflowState
from operations.workflow.base import Scope
from operations.workflow.definition import read_definition
from operations.workflow.graph import find_faults
from recipients.admin.query_views import query_urls
from recipients.filters.fields import PREFIX, recipient_fields
from recipients.models import Attribute, Recipient

ENDPOINTS = (
    "validate",
    "faults",
    "state",
    "versions",
    "export",
    "import",
    "task_log",
    "editing",
    "restart",
    "schedule_preview",
)


def canvas_document(request: HttpRequest, workflow: Workflow, buttons: list[dict[str, Any]]) -> dict[str, Any]:
    """The contract with `canvas/main.js`. Bounded queries, whatever the number of runs and people."""
    user = request.user
    definition = read_definition(workflow)
    return {
        "workflow": workflow_document(workflow),
        "may": {
            "change": user.has_perm("operations.change_workflow"),
            "run": user.has_perm("operations.run_workflow"),
            "export": user.has_perm("operations.view_workflow"),
        },
        "types": type_documents(Scope(workflow, workflow.operation), user),
        "categories": categories(),
        "definition": definition,
        "faults": fault_documents(definition, workflow),
        "fields": {"columns": columns()},
        "urls": {**_urls(workflow), "actions": {button["name"]: button["url"] for button in buttons}},
        "csrf": get_token(request),
        "user": user.get_full_name() or user.get_username(),  # type: ignore[union-attr]
    }


def workflow_document(workflow: Workflow) -> dict[str, Any]:
    operation = workflow.operation
    return {
        "id": workflow.pk,
        "label": workflow.label,
        "state": WorkflowState(workflow.state).slug,
        "state_label": str(workflow_badge(workflow).label),
        "failed": workflow.failed,
        "version": workflow.version,
        "zone": workflow.zone_name(),
        "operation": operation
        and {
            "id": operation.pk,
            "label": operation.label,
            "url": reverse("admin:operations_operation_change", args=[operation.pk]),
        },
    }


def fault_documents(definition: dict[str, Any], workflow: Workflow) -> list[dict[str, str]]:
    """What keeps a drawing from being started. Raises InvalidDefinition."""
    return [
        {"code": fault.code, "activity": fault.activity, "message": fault.message}
        for fault in find_faults(definition, workflow)
    ]


def columns() -> list[dict[str, str]]:
    """What can be compared, sorted by or matched on: the columns of recipients and the known attributes."""
    own = [
        {"name": name, "label": _column_label(name), "kind": column.kind.name.lower()}
        for name, column in recipient_fields().columns.items()
    ]
    attributes = Attribute.objects.order_by("label").values_list("name", "label", "kind")
    return own + [{"name": f"{PREFIX}{name}", "label": label, "kind": kind} for name, label, kind in attributes]


def _column_label(name: str) -> str:
    if name.startswith("denylist."):
        return _("denylist: %(channel)s") % {"channel": name.partition(".")[2]}
    return str(Recipient._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _urls(workflow: Workflow) -> dict[str, Any]:
    number = [workflow.pk]
    return {
        **{name: reverse("admin:operations_workflow_canvas", args=[workflow.pk, name]) for name in ENDPOINTS},
        "filters": query_urls(),
        "definition": reverse("workflows-definition", args=number),
        "version": reverse("admin:operations_workflow_version", args=[workflow.pk, 0]),
        "population": reverse("admin:operations_workflow_population", args=[workflow.pk, 0]),
        "rehearse": reverse("workflows-rehearse", args=number),
        "rehearsals": f"{reverse('rehearsals-list')}?workflow={workflow.pk}",
        "rehearsal": reverse("rehearsals-detail", args=[0]),
        # 0 itself is the latest.
        "rehearsed": reverse("admin:operations_workflow_rehearsal_document", args=[workflow.pk, 0]),
    }
