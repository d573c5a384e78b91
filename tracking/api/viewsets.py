"""tracking-logs/ and tracked-urls/: read only, written by recipients' hits and by the analysis."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers, viewsets

from common.api.filters import WholeNumberFilter
from deliveries.models import Broadlog, TrackedUrl
from tracking.models import HitKind, TrackingLog, Verdict


class TrackingLogSerializer(serializers.ModelSerializer[TrackingLog]):
    url = serializers.CharField(source="url_text", read_only=True)

    class Meta:
        model = TrackingLog
        fields = ("id", "delivery", "broadlog", "recipient", "kind", "url", "at", "verdict", "user_agent")


class TrackingLogFilters(django_filters.FilterSet):  # type: ignore[misc]
    delivery = WholeNumberFilter(field_name="delivery_id")
    broadlog = WholeNumberFilter(method="of_message")
    recipient = WholeNumberFilter(field_name="recipient_id")
    kind = django_filters.ChoiceFilter(choices=HitKind.choices)
    url = django_filters.CharFilter(field_name="tracked_url__url")
    verdict = django_filters.ChoiceFilter(choices=Verdict.choices)

    class Meta:
        model = TrackingLog
        fields: tuple[str, ...] = ()

    def of_message(self, rows: QuerySet[TrackingLog], name: str, value: int) -> QuerySet[TrackingLog]:
        """By the index of counters, (delivery, kind, broadlog): each kind is one look-up."""
        deliveries = list(Broadlog.objects.filter(pk=value).values_list("delivery_id", flat=True))
        return rows.filter(delivery_id__in=deliveries, kind__in=HitKind.values, broadlog_id=value)


class TrackingLogViewSet(viewsets.ReadOnlyModelViewSet[TrackingLog]):
    queryset = TrackingLog.objects.select_related("tracked_url")
    serializer_class = TrackingLogSerializer
    filterset_class = TrackingLogFilters


class TrackedUrlSerializer(serializers.ModelSerializer[TrackedUrl]):
    delivery = serializers.IntegerField(source="content_version.delivery_id", read_only=True)

    class Meta:
        model = TrackedUrl
        fields = ("id", "delivery", "content_version", "number", "url", "label", "kind")


class TrackedUrlFilters(django_filters.FilterSet):  # type: ignore[misc]
    delivery = WholeNumberFilter(field_name="content_version__delivery_id")

    class Meta:
        model = TrackedUrl
        fields = ("content_version", "number", "kind", "url")
        filter_overrides = {TrackedUrl._meta.get_field("url").__class__: {"filter_class": django_filters.CharFilter}}


class TrackedUrlViewSet(viewsets.ReadOnlyModelViewSet[TrackedUrl]):
    queryset = TrackedUrl.objects.select_related("content_version")
    serializer_class = TrackedUrlSerializer
    filterset_class = TrackedUrlFilters
