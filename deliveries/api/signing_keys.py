"""signing-keys/: DKIM keys. What their private part is never leaves the server."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from deliveries.models import SigningKey
from deliveries.signing_keys import activate, create_key, deactivate, record_name, record_value, zone_line
from installation.api.idempotency import IdempotentMixin


class SigningKeySerializer(serializers.ModelSerializer[SigningKey]):
    algorithm = serializers.ChoiceField(choices=SigningKey.Algorithm.choices, default=SigningKey.Algorithm.RSA)
    selector = serializers.SlugField(max_length=63, required=False, allow_blank=True)
    dns_name = serializers.SerializerMethodField()
    dns_value = serializers.SerializerMethodField()
    zone_line = serializers.SerializerMethodField()

    class Meta:
        model = SigningKey
        fields = ("id", "domain", "selector", "algorithm", "active", "created_at", "dns_name", "dns_value", "zone_line")
        read_only_fields = ("active",)
        # The service says it in a sentence.
        validators: tuple[Any, ...] = ()

    def create(self, validated_data: dict[str, Any]) -> SigningKey:
        return create_key(**validated_data, now=timezone.now())

    def get_dns_name(self, key: SigningKey) -> str:
        return record_name(key)

    def get_dns_value(self, key: SigningKey) -> str:
        return record_value(key)

    def get_zone_line(self, key: SigningKey) -> str:
        return zone_line(key)


class SigningKeyViewSet(
    IdempotentMixin,
    mixins.CreateModelMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[SigningKey],
):
    queryset = SigningKey.objects.order_by("domain", "pk")
    serializer_class = SigningKeySerializer
    filterset_fields = ("domain", "active", "algorithm")
    action_permissions = {"activate": "deliveries.change_signingkey", "deactivate": "deliveries.change_signingkey"}

    @extend_schema(request=None, responses=SigningKeySerializer)
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, pk: str) -> Response:
        """Sign with it, in place of the domain's active key of the same algorithm."""
        return self._after(activate)

    @extend_schema(request=None, responses=SigningKeySerializer)
    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, pk: str) -> Response:
        return self._after(deactivate)

    def _after(self, service: Any) -> Response:
        key = self.get_object()
        service(key)
        key.refresh_from_db()
        return Response(self.get_serializer(key).data)
