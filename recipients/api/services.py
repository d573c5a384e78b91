"""`services/` and `subscriptions/`: subscribing and leaving go through the service that keeps the history."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from installation.api.idempotency import IdempotentMixin
from recipients.models import Service, Subscription
from recipients.subscriptions import subscribe, unsubscribe

ORIGIN = "api"


class ServiceSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Service
        fields = ("id", "label", "internal_name", "channel", "created_at")
        read_only_fields = ("created_at",)


class ServiceViewSet(IdempotentMixin, viewsets.ModelViewSet):  # type: ignore[type-arg]
    queryset = Service.objects.all()
    serializer_class = ServiceSerializer
    filterset_fields = ("id", "label", "internal_name", "channel")


class SubscriptionSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Subscription
        fields = ("id", "service", "recipient", "created_at")
        read_only_fields = ("created_at",)
        # Subscribing twice is no mistake: the answer is the subscription that is there.
        validators: list[Any] = []


class SubscriptionViewSet(
    IdempotentMixin,
    mixins.ListModelMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet,  # type: ignore[type-arg]
):
    queryset = Subscription.objects.all()
    serializer_class = SubscriptionSerializer
    filterset_fields = ("id", "service", "recipient")

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        document = self.get_serializer(data=request.data)
        document.is_valid(raise_exception=True)
        service, recipient = document.validated_data["service"], document.validated_data["recipient"]
        created = subscribe(service=service, recipient_id=recipient.pk, origin=ORIGIN, now=timezone.now())
        row = Subscription.objects.get(service=service, recipient=recipient)
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(self.get_serializer(row).data, status=code)

    def perform_destroy(self, instance: Subscription) -> None:
        unsubscribe(service=instance.service, recipient_id=instance.recipient_id, origin=ORIGIN, now=timezone.now())
