"""delivery-templates/: global ones, made here, and the local ones of activities, edited here."""

from __future__ import annotations

import django_filters
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.filters import BooleanFilter
from common.errors import IllegalState
from deliveries.api.fields import CONTENT_AND_SENDING
from deliveries.api.proof import ProofSerializer, answer_with_proof
from deliveries.api.serializers import DeliverySerializer
from deliveries.models import DeliveryTemplate
from installation.api.idempotency import IdempotentMixin


class LocalTemplateKept(IllegalState):
    """A local template belongs to its activity and goes with it."""


class DeliveryTemplateSerializer(serializers.ModelSerializer[DeliveryTemplate]):
    class Meta:
        model = DeliveryTemplate
        fields = (
            "id",
            "label",
            "internal_name",
            *CONTENT_AND_SENDING,
            "activity",
            "source",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("activity", "source", "created_at", "updated_at")
        extra_kwargs = {"internal_name": {"required": False}}


class DeliveryTemplateFilters(django_filters.FilterSet):  # type: ignore[misc]
    local = BooleanFilter(field_name="activity", lookup_expr="isnull", exclude=True)

    class Meta:
        model = DeliveryTemplate
        fields = ("label", "internal_name", "channel", "activity", "source", "typology", "route", "affinity", "service")


class DeliveryTemplateViewSet(IdempotentMixin, viewsets.ModelViewSet[DeliveryTemplate]):
    queryset = DeliveryTemplate.objects.all()
    serializer_class = DeliveryTemplateSerializer
    filterset_class = DeliveryTemplateFilters
    action_permissions = {"proof": "deliveries.proof_delivery"}

    def perform_destroy(self, instance: DeliveryTemplate) -> None:
        if instance.activity_id is not None:
            raise LocalTemplateKept(_("This template belongs to an activity of a workflow and goes with it."))
        instance.delete()

    @extend_schema(request=ProofSerializer, responses={201: DeliverySerializer})
    @action(detail=True, methods=["post"])
    def proof(self, request: Request, pk: str) -> Response:
        return answer_with_proof(self.get_object(), request)
