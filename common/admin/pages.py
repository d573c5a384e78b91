"""Admin classes for machine-owned tables."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
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
        return rows.order_by().values("pk")[: self.LIMIT].count()


class OneOrderChangeList(ChangeList):
    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return list(self.model_admin.get_ordering(request))


class OneOrderMixin:
    """A list in the one order that an index gives, whatever the address says: any other would sort millions."""

    sortable_by: list[Any] | tuple[Any, ...] | None = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return OneOrderChangeList


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows written by the engine: people look, nobody edits."""

    show_full_result_count = False
    paginator = NoCountPaginator
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
