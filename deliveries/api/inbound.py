"""inbound-sources/ and inbound-mails/: where mails come back, and what became of each."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.fields import SlugChoiceField
from common.api.filters import SlugFilter, WholeNumberFilter
from deliveries.inbound.sources.address import set_password, validate_address
from deliveries.inbound.undo import Outage, preview, undo_outage
from deliveries.inbound.visits import check_source
from deliveries.inbound.webhooks import check_provider
from deliveries.models.inbound import InboundMail, InboundSource
from installation.api.idempotency import IdempotentMixin
from recipients.vocabulary import FailureReason, FailureType


class InboundSourceSerializer(serializers.ModelSerializer[InboundSource]):
    """The password goes in and never comes out; `has_password` says whether there is one."""

    password = serializers.CharField(write_only=True, required=False, allow_blank=True, trim_whitespace=False)
    has_password = serializers.SerializerMethodField()

    class Meta:
        model = InboundSource
        fields = (
            *("id", "label", "kind", "url", "authentication", "password", "has_password", "domain", "enabled"),
            *("last_read_at", "last_error"),
        )
        read_only_fields = ("last_read_at", "last_error")

    def get_has_password(self, source: InboundSource) -> bool:
        return bool(source.encrypted_password)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        present = self.instance or InboundSource()
        kind, url = attrs.get("kind", present.kind), attrs.get("url", present.url)
        if kind == InboundSource.Kind.WEBHOOK:
            check_provider(url)
        else:
            validate_address(kind, url)
        return attrs

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> InboundSource:
        password = validated_data.pop("password", "")
        source = super().create(validated_data)
        set_password(source, password)
        return source

    @transaction.atomic
    def update(self, instance: InboundSource, validated_data: dict[str, Any]) -> InboundSource:
        password = validated_data.pop("password", None)
        source = super().update(instance, validated_data)
        if password is not None:
            set_password(source, password)
        return source


class InboundSourceViewSet(IdempotentMixin, viewsets.ModelViewSet[InboundSource]):
    queryset = InboundSource.objects.all()
    serializer_class = InboundSourceSerializer
    filterset_fields = ("id", "label", "kind", "url", "authentication", "domain", "enabled")
    action_permissions = {"check": "deliveries.change_inboundsource"}

    @extend_schema(request=None, responses=InboundSourceSerializer)
    @action(detail=True, methods=["post"])
    def check(self, request: Request, pk: str) -> Response:
        """Connect and leave again."""
        source = self.get_object()
        check_source(source)
        return Response(self.get_serializer(source).data)


class InboundMailSerializer(serializers.ModelSerializer[InboundMail]):
    failure_type = SlugChoiceField(FailureType, allow_null=True)
    failure_reason = SlugChoiceField(FailureReason, allow_null=True)
    broadlog = serializers.IntegerField(source="broadlog_id", allow_null=True)
    delivery = serializers.IntegerField(source="delivery_id", allow_null=True)

    class Meta:
        model = InboundMail
        fields = (
            *("id", "key", "source", "received_at", "kind", "outcome", "broadlog", "delivery", "address", "domain"),
            *("failure_type", "failure_reason", "status", "detail", "rule"),
        )
        read_only_fields = fields


class InboundMailFilter(django_filters.FilterSet):  # type: ignore[misc]
    failure_type = SlugFilter(FailureType)
    failure_reason = SlugFilter(FailureReason)
    delivery = WholeNumberFilter(field_name="delivery_id")
    broadlog = WholeNumberFilter(field_name="broadlog_id")

    class Meta:
        model = InboundMail
        fields = ("id", "key", "source", "kind", "outcome", "address", "domain", "status", "rule")


class OutageSerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    domain = serializers.CharField(required=False, default="", allow_blank=True)
    text = serializers.CharField(required=False, default="", allow_blank=True)
    dry_run = serializers.BooleanField(required=False, default=False)


class UndoneSerializer(serializers.Serializer[Any]):
    addresses = serializers.IntegerField()
    mails = serializers.IntegerField()
    dry_run = serializers.BooleanField()


class InboundMailViewSet(IdempotentMixin, viewsets.ReadOnlyModelViewSet[InboundMail]):
    queryset = InboundMail.objects.all()
    serializer_class = InboundMailSerializer
    filterset_class = InboundMailFilter
    action_permissions = {"undo": "recipients.change_quarantine"}

    @extend_schema(request=OutageSerializer, responses=UndoneSerializer)
    @action(detail=False, methods=["post"])
    def undo(self, request: Request) -> Response:
        """Take back what a provider's outage did to addresses; with `dry_run`, only count."""
        asked = OutageSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        dry_run = values.pop("dry_run")
        outage = Outage(**values)
        found = preview(outage) if dry_run else undo_outage(outage, now=timezone.now())
        return Response({"addresses": found.addresses, "mails": found.mails, "dry_run": dry_run})
