"""Admin classes for machine-owned tables."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property


class NoCountPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than the page after the last one shown: a log of millions is never counted."""

    LIMIT = 10_000

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return len(rows.order_by().values_list("pk")[: self.LIMIT])


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows written by the engine: people look, nobody edits."""

    show_full_result_count = False
    paginator = NoCountPaginator

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
