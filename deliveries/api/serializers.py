"""The delivery's document."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api.fields import SlugChoiceField
from deliveries.api.fields import CONTENT_AND_SENDING
from deliveries.diagnosis import pending_reasons
from deliveries.models import Delivery, DeliveryState

WRITABLE = ("label", "operation", "target", "contact_date", *CONTENT_AND_SENDING)


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """`pending_reasons` in the context holds the diagnosis of a whole page; a single document makes its own."""

    state = SlugChoiceField(DeliveryState, read_only=True)
    counts = serializers.SerializerMethodField()
    pending_reason = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = (
            "id",
            "label",
            "kind",
            "channel",
            "state",
            "operation",
            "workflow_run",
            "series",
            "occurrence",
            "proof_of",
            "proof_number",
            "contact_date",
            "counts",
            "pending_reason",
            "stop_requested",
            "template",
            "target",
            *(name for name in CONTENT_AND_SENDING if name != "channel"),
            "requested_action",
            "error",
            "confirmed_at",
            "started_at",
            "valid_until",
            "ended_at",
            "created_at",
        )
        read_only_fields = tuple(name for name in fields if name not in (*WRITABLE, "template"))
        extra_kwargs = {"label": {"required": False}}

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_counts(self, delivery: Delivery) -> dict[str, int]:
        return delivery.counts()

    def get_pending_reason(self, delivery: Delivery) -> str | None:
        reasons: dict[int, str | None] | None = self.context.get("pending_reasons")
        if reasons is None:
            reasons = pending_reasons([delivery], timezone.now())
        return reasons.get(delivery.pk)

    def validate(self, attributes: dict[str, Any]) -> dict[str, Any]:
        unknown = set(getattr(self, "initial_data", {})) - set(self.fields)
        if unknown:
            raise serializers.ValidationError({name: [_("There is no such field.")] for name in sorted(unknown)})
        return attributes
