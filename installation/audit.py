"""The audit trail: what people did, kept in a table and read back on the page of each object."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet

from common.audit import Deed, recorders
from installation.models import AuditEntry


@recorders.register("installation")
def keep(deed: Deed) -> None:
    """Write the deed down, in the transaction of whoever tells it."""
    AuditEntry.objects.create(
        at=deed.at,
        user=deed.user if isinstance(deed.user, User) else None,
        origin=deed.origin,
        model=deed.row._meta.label_lower,
        object_id=deed.row.pk,
        action=deed.action,
        reason=deed.reason,
        detail=dict(deed.detail),
    )


def entries_of(row: Model) -> QuerySet[AuditEntry, Any]:
    """What was done to this row, the latest first."""
    rows = AuditEntry.objects.filter(model=row._meta.label_lower, object_id=row.pk)
    return rows.select_related("user").order_by("-at", "-pk")
