"""delivery-series/: what one recurring activity produced; its occurrences are `deliveries/?series=ID`."""

from __future__ import annotations

from django.db.models import Count, Max
from rest_framework import serializers, viewsets

from deliveries.models import DeliverySeries


class DeliverySeriesSerializer(serializers.ModelSerializer[DeliverySeries]):
    workflow = serializers.IntegerField(source="activity.workflow_id", read_only=True)
    occurrences = serializers.IntegerField(source="occurrence_count", read_only=True)
    last_occurrence = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = DeliverySeries
        fields = ("id", "label", "activity", "workflow", "operation", "occurrences", "last_occurrence", "created_at")


class DeliverySeriesViewSet(viewsets.ReadOnlyModelViewSet[DeliverySeries]):
    queryset = DeliverySeries.objects.select_related("activity").annotate(
        occurrence_count=Count("occurrences"), last_occurrence=Max("occurrences__occurrence")
    )
    serializer_class = DeliverySeriesSerializer
    filterset_fields = ("label", "activity", "operation")
