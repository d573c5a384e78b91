"""Lists answer `{"results", "next"}`: a cursor along an index, so a page costs the same at any depth."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response


class IdCursorPagination(CursorPagination):
    """Newest first."""

    ordering = "-pk"
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.get_next_link()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {"type": "string", "format": "uri", "nullable": True},
            },
        }


class LogCursorPagination(IdCursorPagination):
    """For volume tables: the order of the index that the filters use.

    The view's `orderings` says it: `{filter: fields}`, the first filter given wins. Newest first within a
    filter that the primary key knows nothing of would walk the whole table back to find one page.
    """

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        orderings: dict[str, tuple[str, ...]] = view.orderings
        return next((fields for name, fields in orderings.items() if request.query_params.get(name)), ("-pk",))
