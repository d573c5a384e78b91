"""preparations/ and broadlogs/: read only, written by the analysis and by the senders."""

from __future__ import annotations

from typing import ClassVar

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers, viewsets

from common.api.fields import SlugChoiceField
from common.api.filters import BooleanFilter, SlugFilter, WholeNumberFilter
from common.api.pagination import LogCursorPagination
from deliveries.models import (
    Broadlog,
    MessageStatus,
    Preparation,
    PreparationLog,
    PreparationState,
)
from recipients.vocabulary import FailureReason, FailureType


class PreparationLogSerializer(serializers.ModelSerializer[PreparationLog]):
    message = serializers.CharField(source="text", read_only=True)

    class Meta:
        model = PreparationLog
        fields = ("at", "level", "message")


class PreparationSerializer(serializers.ModelSerializer[Preparation]):
    state = SlugChoiceField(PreparationState, read_only=True)
    log = PreparationLogSerializer(many=True, read_only=True)

    class Meta:
        model = Preparation
        fields = (
            "id",
            "delivery",
            "number",
            "state",
            "requested_action",
            "workflow_run",
            "content_version",
            "targeted",
            "ignored",
            "to_deliver",
            "ignored_counts",
            "already_in_delivery",
            "error",
            "requested_at",
            "ended_at",
            "log",
        )


class PreparationFilters(django_filters.FilterSet):  # type: ignore[misc]
    state = SlugFilter(PreparationState)

    class Meta:
        model = Preparation
        fields = ("delivery", "number", "requested_action", "workflow_run", "content_version")


class PreparationViewSet(viewsets.ReadOnlyModelViewSet[Preparation]):
    queryset = Preparation.objects.prefetch_related("log")
    serializer_class = PreparationSerializer
    filterset_class = PreparationFilters


class BroadlogSerializer(serializers.ModelSerializer[Broadlog]):
    status = SlugChoiceField(MessageStatus, read_only=True)
    in_doubt = serializers.SerializerMethodField()
    failure_type = SlugChoiceField(FailureType, read_only=True, allow_null=True)
    failure_reason = SlugChoiceField(FailureReason, read_only=True, allow_null=True)
    workflow_run = serializers.IntegerField(
        source="preparation.workflow_run_id", read_only=True, allow_null=True, default=None
    )
    content_version = serializers.IntegerField(
        source="preparation.content_version_id", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = Broadlog
        fields = (
            "id",
            "delivery",
            "recipient",
            "address",
            "status",
            "in_doubt",
            "in_doubt_since",
            "failure_type",
            "failure_reason",
            "failure_detail",
            "attempts",
            "workflow_run",
            "content_version",
            "updated_at",
        )

    def get_in_doubt(self, row: Broadlog) -> bool:
        return row.in_doubt_since is not None


class BroadlogFilters(django_filters.FilterSet):  # type: ignore[misc]
    """`status=pending` includes the rows in doubt; `in_doubt` tells them apart."""

    delivery = WholeNumberFilter(field_name="delivery_id")
    recipient = WholeNumberFilter(field_name="recipient_id")
    # No index names the address: without a delivery this reads the log until a page is full.
    address = django_filters.CharFilter(lookup_expr="iexact")
    status = SlugFilter(MessageStatus)
    in_doubt = BooleanFilter(field_name="in_doubt_since", lookup_expr="isnull", exclude=True)
    failure_type = SlugFilter(FailureType)
    failure_reason = SlugFilter(FailureReason)
    workflow_run = WholeNumberFilter(method="of_analyses")
    content_version = WholeNumberFilter(method="of_analyses")

    class Meta:
        model = Broadlog
        fields: tuple[str, ...] = ()

    def of_analyses(self, rows: QuerySet[Broadlog], name: str, value: int) -> QuerySet[Broadlog]:
        """By the deliveries of these analyses: no index of the log names an analysis."""
        analyses = dict(Preparation.objects.filter(**{name: value}).values_list("pk", "delivery_id"))
        return rows.filter(delivery_id__in=set(analyses.values()), preparation_id__in=analyses)


class BroadlogViewSet(viewsets.ReadOnlyModelViewSet[Broadlog]):
    """Newest first; within a delivery, a run or a version by recipient, as the unique index has them."""

    queryset = Broadlog.objects.select_related("preparation")
    serializer_class = BroadlogSerializer
    filterset_class = BroadlogFilters
    pagination_class = LogCursorPagination

    # The bare addresses of a proof have no recipient: the cursor counts those, at most a hundred.
    orderings: ClassVar[dict[str, tuple[str, ...]]] = dict.fromkeys(
        ("delivery", "workflow_run", "content_version"), ("recipient_id", "repeat", "pk")
    )
