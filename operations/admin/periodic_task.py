"""Beat's periodic tasks: those written from a workflow can be looked at, not edited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import PeriodicTask

from operations.schedules import PREFIX

admin.site.unregister(PeriodicTask)


@admin.register(PeriodicTask)
class WorkflowTaskAdmin(PeriodicTaskAdmin):  # type: ignore[misc]
    """The bulk actions pass over the rows of workflows: a schedule is changed where it was drawn."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_ours(obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_ours(obj) and bool(super().has_delete_permission(request, obj))

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        return super().response_action(request, queryset.exclude(name__startswith=PREFIX))


def _is_ours(row: Any) -> bool:
    return row is not None and row.name.startswith(PREFIX)
