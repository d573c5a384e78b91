"""`attributes/` and `saved-filters/`: what filters are made of, declared and named."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers, viewsets

from installation.api.idempotency import IdempotentMixin
from recipients import attributes
from recipients.models import Attribute, SavedFilter
from recipients.query.saved import require_unused, save_filter


class AttributeSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Attribute
        fields = ("id", "name", "label", "kind", "choices", "indexed", "help_text", "created_at")
        read_only_fields = ("created_at",)

    def create(self, validated: dict[str, Any]) -> Attribute:
        return attributes.save_attribute(Attribute(**validated))

    def update(self, row: Attribute, validated: dict[str, Any]) -> Attribute:
        for name, value in validated.items():
            setattr(row, name, value)
        return attributes.save_attribute(row)


class AttributeViewSet(IdempotentMixin, viewsets.ModelViewSet):  # type: ignore[type-arg]
    queryset = Attribute.objects.all()
    serializer_class = AttributeSerializer
    filterset_fields = ("id", "name", "kind", "indexed")

    def perform_destroy(self, row: Attribute) -> None:
        attributes.delete_attribute(row)


class SavedFilterSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = SavedFilter
        fields = ("id", "label", "internal_name", "description", "filter", "parameters", "created_by", "created_at")
        read_only_fields = ("internal_name", "created_by", "created_at")

    def create(self, validated: dict[str, Any]) -> SavedFilter:
        return self._save(None, validated)

    def update(self, row: SavedFilter, validated: dict[str, Any]) -> SavedFilter:
        return self._save(row, validated)

    def _save(self, row: SavedFilter | None, values: dict[str, Any]) -> SavedFilter:
        stored = row or SavedFilter(label="", filter=None)
        return save_filter(
            label=values.get("label", stored.label),
            document=values.get("filter", stored.filter),
            parameters=values.get("parameters", stored.parameters),
            description=values.get("description", stored.description),
            user=self.context["request"].user,
            row=row,
        )


class SavedFilterViewSet(IdempotentMixin, viewsets.ModelViewSet):  # type: ignore[type-arg]
    queryset = SavedFilter.objects.all()
    serializer_class = SavedFilterSerializer
    filterset_fields = ("id", "label", "internal_name")

    def perform_destroy(self, row: SavedFilter) -> None:
        require_unused(row)
        row.delete()
