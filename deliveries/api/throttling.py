"""receiver-groups/, sending-limits/, receiver-states/ and warm-ups/: how fast receivers are sent to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from deliveries.models import GroupState, ReceiverGroup, SendingLimit, WarmUp
from deliveries.mta.throttling.states import hold_receiver, resume_receiver, state_of
from deliveries.mta.throttling.warm_up import day_of, plan_of
from installation.api.idempotency import IdempotentMixin


class ReceiverGroupSerializer(serializers.ModelSerializer[ReceiverGroup]):
    class Meta:
        model = ReceiverGroup
        fields = ("id", "label", "internal_name", "position", "domains", "mail_servers")
        extra_kwargs = {"internal_name": {"required": False}}


class ReceiverGroupViewSet(IdempotentMixin, viewsets.ModelViewSet[ReceiverGroup]):
    queryset = ReceiverGroup.objects.order_by("position", "pk")
    serializer_class = ReceiverGroupSerializer
    filterset_fields = ("label", "internal_name", "position", "domains", "mail_servers")


class SendingLimitSerializer(serializers.ModelSerializer[SendingLimit]):
    """A null `group`, `route` or `affinity` means every one; a null limit, none."""

    class Meta:
        model = SendingLimit
        fields = (
            "id",
            "group",
            "route",
            "affinity",
            "connections",
            "messages_per_connection",
            "messages_per_second",
            "messages_per_hour",
            "enabled",
        )

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        case = {name: values.get(name, getattr(self.instance, name, None)) for name in ("group", "route", "affinity")}
        same = SendingLimit.objects.filter(**{f"{name}__isnull": True for name, value in case.items() if value is None})
        same = same.filter(**{name: value for name, value in case.items() if value is not None})
        if same.exclude(pk=getattr(self.instance, "pk", 0)).exists():
            raise serializers.ValidationError(_("There is a limit for this group, route and affinity already."))
        return values


class SendingLimitViewSet(IdempotentMixin, viewsets.ModelViewSet[SendingLimit]):
    queryset = SendingLimit.objects.order_by("pk")
    serializer_class = SendingLimitSerializer
    filterset_fields = SendingLimitSerializer.Meta.fields[1:]


class ReceiverStateSerializer(serializers.ModelSerializer[GroupState]):
    """`factor` is the share of its rate that the receiver gets now; it grows back by itself."""

    factor = serializers.SerializerMethodField()
    is_paused = serializers.SerializerMethodField()

    class Meta:
        model = GroupState
        fields = (
            "id",
            "route",
            "receiver",
            "affinity",
            "factor",
            "measured_rate",
            "is_paused",
            "paused_until",
            "suspected",
            "reason",
        )

    def get_factor(self, row: GroupState) -> float:
        return round(state_of(row).factor_at(self._now), 4)

    def get_is_paused(self, row: GroupState) -> bool:
        return state_of(row).is_paused(self._now)

    @property
    def _now(self) -> datetime:
        return timezone.now()


class PauseSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=1000)


class ReceiverStateViewSet(
    IdempotentMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[GroupState]
):
    queryset = GroupState.objects.order_by("pk")
    serializer_class = ReceiverStateSerializer
    filterset_fields = ("route", "receiver", "affinity", "paused", "suspected", "reason")
    action_permissions = {"pause": "deliveries.change_groupstate", "resume": "deliveries.change_groupstate"}

    @extend_schema(request=PauseSerializer, responses=ReceiverStateSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Nothing more to it until somebody resumes it."""
        row = self.get_object()
        wanted = PauseSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        reason = wanted.validated_data["reason"] or _("Paused by %(user)s.") % {"user": request.user}
        hold_receiver(row.route_id, row.affinity, row.receiver, reason=reason)
        return self._answer(row)

    @extend_schema(request=None, responses=ReceiverStateSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Its messages again, at its full rate; what it refuses for good counts again."""
        row = self.get_object()
        resume_receiver(row, now=timezone.now())
        return self._answer(row)

    def _answer(self, row: GroupState) -> Response:
        row.refresh_from_db()
        return Response(self.get_serializer(row).data)


class WarmUpSerializer(serializers.ModelSerializer[WarmUp]):
    """A null `group` means every receiver without a plan of its own, together. `today` is null when it is over."""

    today = serializers.SerializerMethodField()

    class Meta:
        model = WarmUp
        fields = ("id", "affinity", "group", "starts_on", "first_day", "growth", "ceiling", "today")

    def get_today(self, row: WarmUp) -> int | None:
        return plan_of(row).cap_on(day_of(timezone.now()))

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        affinity = values.get("affinity", getattr(self.instance, "affinity", None))
        group = values.get("group", getattr(self.instance, "group", None))
        same = WarmUp.objects.filter(affinity=affinity)
        same = same.filter(group=group) if group is not None else same.filter(group__isnull=True)
        if same.exclude(pk=getattr(self.instance, "pk", 0)).exists():
            raise serializers.ValidationError(_("There is a plan for this affinity and group already."))
        return values


class WarmUpViewSet(IdempotentMixin, viewsets.ModelViewSet[WarmUp]):
    queryset = WarmUp.objects.select_related("group").order_by("pk")
    serializer_class = WarmUpSerializer
    filterset_fields = ("affinity", "group", "starts_on", "first_day", "growth", "ceiling")
