"""The entry of the sidebar."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common.navigation import Section, sections
from operations.models import Operation, OperationState


def running(request: HttpRequest) -> tuple[int, bool] | None:
    found = Operation.objects.filter(state=OperationState.STARTED, is_template=False).count()
    return (found, False) if found else None


sections.add(
    "operations",
    Section(
        label=_("Operations"),
        icon="target",
        url_name="admin:operations_operation_changelist",
        position=20,
        prefixes=("operations/",),
        permissions=("operations.view_operation",),
        count=running,
        key="o",
    ),
)
