"""rehearsals: what workflows would do, as somebody asked; made by `POST workflows/{id}/rehearse/`."""

from __future__ import annotations

from typing import Any

import django_filters
from rest_framework import serializers, viewsets

from common.api.filters import SlugFilter
from operations.models import Rehearsal, RehearsalState
from operations.rehearsal.report import rehearsal_document
from operations.rehearsal.request import DEFAULT_WEEKS


class RehearseSerializer(serializers.Serializer[Any]):
    weeks = serializers.IntegerField(default=DEFAULT_WEEKS)


class RehearsalSerializer(serializers.ModelSerializer[Rehearsal]):
    state = serializers.CharField()
    runs = serializers.ListField(child=serializers.DictField())
    truncated = serializers.BooleanField()
    suspended = serializers.BooleanField()

    class Meta:
        model = Rehearsal
        fields = [
            "id",
            "workflow",
            "state",
            "starts_at",
            "ends_at",
            "done",
            "planned",
            "error",
            "runs",
            "truncated",
            "suspended",
        ]

    def to_representation(self, instance: Rehearsal) -> dict[str, Any]:
        return rehearsal_document(instance)


class RehearsalFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = SlugFilter(RehearsalState)

    class Meta:
        model = Rehearsal
        fields = ["workflow"]


class RehearsalViewSet(viewsets.ReadOnlyModelViewSet[Rehearsal]):
    queryset = Rehearsal.objects.all()
    serializer_class = RehearsalSerializer
    filterset_class = RehearsalFilter
