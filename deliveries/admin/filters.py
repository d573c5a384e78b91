"""Filters of the lists."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from deliveries.models import DeliveryKind, DeliveryState


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
