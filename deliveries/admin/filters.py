"""Filters of the lists."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from deliveries.models import DeliveryKind, DeliveryState, MessageStatus

IN_DOUBT = "in_doubt"


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(state.slug, state.label) for state in DeliveryState]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in DeliveryState.slugs():
            return queryset
        return queryset.filter(state=DeliveryState.from_slug(str(self.value())))


class KindFilter(admin.SimpleListFilter):
    """Proofs are shown when asked for."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*DeliveryKind.choices, ("all", _("All, proofs included"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        if self.value() in DeliveryKind.values:
            return queryset.filter(kind=self.value())
        # The proofs of one delivery are asked for by its link.
        return queryset if "proof_of__id__exact" in request.GET else queryset.exclude(kind=DeliveryKind.PROOF)


class StatusFilter(admin.SimpleListFilter):
    """Only within one delivery: no index names the status, so elsewhere it would read the whole log."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        if "delivery__id__exact" not in request.GET:
            return []
        return [*((status.slug, status.label) for status in MessageStatus), (IN_DOUBT, _("In doubt"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == IN_DOUBT:
            return queryset.filter(in_doubt_since__isnull=False)
        if self.value() not in MessageStatus.slugs():
            return queryset
        return queryset.filter(status=MessageStatus.from_slug(str(self.value())))
