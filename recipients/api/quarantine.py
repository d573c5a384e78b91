"""`quarantine/`: read, and released one address at a time."""

from __future__ import annotations

import django_filters
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.fields import SlugChoiceField
from common.api.filters import SlugFilter, WholeNumberFilter
from installation.api.idempotency import IdempotentMixin
from recipients.models import Quarantine
from recipients.quarantine import release_row
from recipients.vocabulary import FailureReason, FailureType


class QuarantineSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    status = SlugChoiceField(Quarantine.Status)
    failure_type = SlugChoiceField(FailureType)
    failure_reason = SlugChoiceField(FailureReason)
    delivery = serializers.IntegerField(source="delivery_id")

    class Meta:
        model = Quarantine
        fields = (
            *("id", "channel", "address", "status", "error_count", "failure_type", "failure_reason", "error_text"),
            *("last_error_at", "delivery", "delivery_label", "created_at", "updated_at"),
        )
        read_only_fields = fields


class QuarantineFilter(django_filters.FilterSet):  # type: ignore[misc]
    address = django_filters.CharFilter(lookup_expr="iexact")
    status = SlugFilter(Quarantine.Status)
    failure_type = SlugFilter(FailureType)
    failure_reason = SlugFilter(FailureReason)
    delivery = WholeNumberFilter(field_name="delivery_id")

    class Meta:
        model = Quarantine
        fields = ("id", "channel", "error_count")


class QuarantineViewSet(IdempotentMixin, viewsets.ReadOnlyModelViewSet):  # type: ignore[type-arg]
    queryset = Quarantine.objects.all()
    serializer_class = QuarantineSerializer
    filterset_class = QuarantineFilter
    action_permissions = {"release": "recipients.change_quarantine"}

    @extend_schema(request=None, responses=QuarantineSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        release_row(row, now=timezone.now())
        return Response(self.get_serializer(row).data)
