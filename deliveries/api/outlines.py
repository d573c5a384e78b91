"""delivery-outlines: compositions of an operation."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers, viewsets

from deliveries.models import DeliveryOutline
from deliveries.outlines import check_items


class DeliveryOutlineSerializer(serializers.ModelSerializer[DeliveryOutline]):
    class Meta:
        model = DeliveryOutline
        fields = [
            "id",
            "label",
            "internal_name",
            "operation",
            "description",
            "items",
            "planned_contact_date",
            "created_at",
        ]
        extra_kwargs = {"internal_name": {"required": False}, "items": {"required": True}}

    def validate_items(self, items: Any) -> list[dict[str, str]]:
        return check_items(items)


class DeliveryOutlineViewSet(viewsets.ModelViewSet[DeliveryOutline]):
    queryset = DeliveryOutline.objects.all()
    serializer_class = DeliveryOutlineSerializer
