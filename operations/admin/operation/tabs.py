"""The tabs of an operation's page; apps downstream add theirs (its deliveries)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common.admin import FORM, PROPERTIES, Tab
from common.registry import Registry
from installation.audit import entries_of
from operations.admin.operation.dashboard import dashboard
from operations.admin.operation.workflows import workflow_cards
from operations.models import Operation

ENTRIES = 200


class _Tabs(Registry[Tab]):
    """Properties and audit come last, whatever is added."""

    LAST = (PROPERTIES, "audit")

    def codes(self) -> list[str]:
        return [code for code, _tab in self.items()]

    def items(self) -> list[tuple[str, Tab]]:
        return sorted(super().items(), key=lambda entry: entry[0] in self.LAST)


def _audit(request: HttpRequest, operation: Operation) -> dict[str, Any]:
    return {"entries": list(entries_of(operation)[:ENTRIES])}


operation_tabs: Registry[Tab] = _Tabs("operation tabs")
operation_tabs.add("dashboard", Tab(_("Dashboard"), "admin/operations/operation/dashboard.html", dashboard))
operation_tabs.add(
    "workflows",
    Tab(
        _("Targeting and workflows"),
        "admin/operations/operation/workflows.html",
        workflow_cards,
        count=lambda operation: operation.workflows.count(),
        permission="operations.view_workflow",
    ),
)
operation_tabs.add(PROPERTIES, FORM)
operation_tabs.add("audit", Tab(_("Audit"), "admin/operations/operation/audit.html", _audit))
