"""deliveries/: documents, actions, diagnosis and ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import django_filters
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.filters import SlugFilter
from common.doorbell import ring
from deliveries import control, ledger, settlement, tasks
from deliveries.api.proof import ProofSerializer, answer_with_proof
from deliveries.api.serializers import DeliverySerializer
from deliveries.confirmation import confirm
from deliveries.creation import create_delivery
from deliveries.diagnosis import pending_causes, pending_reasons
from deliveries.editing import check_target, edit_delivery, refuse_target
from deliveries.explain import explain_recipient
from deliveries.models import Delivery, DeliveryState, RequestedAction
from deliveries.preparation.request import request_preparation
from installation.api.idempotency import IdempotentMixin
from recipients.models import Recipient


class DeliveryFilters(django_filters.FilterSet):  # type: ignore[misc]
    state = SlugFilter(DeliveryState)

    class Meta:
        model = Delivery
        fields = {
            "label": ["exact"],
            "kind": ["exact"],
            "channel": ["exact"],
            "operation": ["exact"],
            "workflow_run": ["exact"],
            "series": ["exact"],
            "occurrence": ["exact"],
            "proof_of": ["exact"],
            "contact_date": ["exact", "gte", "lt"],
            "template": ["exact"],
            "affinity": ["exact"],
            "route": ["exact"],
            "service": ["exact"],
            "stop_requested": ["exact"],
        }


class PrepareSerializer(serializers.Serializer[Any]):
    action = serializers.ChoiceField(
        choices=[choice for choice in RequestedAction.choices if choice[0] != RequestedAction.SAVE],
        default=RequestedAction.PREPARE,
    )


class ConfirmSerializer(serializers.Serializer[Any]):
    contact_date = serializers.DateTimeField(required=False, allow_null=True)


class StopSerializer(serializers.Serializer[Any]):
    scope = serializers.ChoiceField(choices=control.SCOPES, default=control.OCCURRENCE)


class SettleSerializer(serializers.Serializer[Any]):
    """`broadlogs`: those alone; without it, every message of the delivery that is in doubt."""

    decision = serializers.ChoiceField(choices=settlement.DECISIONS)
    broadlogs = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False)


class DeliveryViewSet(
    IdempotentMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet[Delivery],
):
    """Deliveries of every kind. POST makes a one-off one, from a template or from fields."""

    queryset = Delivery.objects.select_related("affinity")
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilters
    action_permissions = {
        "prepare": "deliveries.prepare_delivery",
        "confirm": "deliveries.start_delivery",
        "pause": "deliveries.start_delivery",
        "resume": "deliveries.start_delivery",
        "stop": "deliveries.start_delivery",
        "settle": "deliveries.start_delivery",
        "proof": "deliveries.proof_delivery",
        "explain": "deliveries.view_delivery",
        "ledger": "deliveries.view_delivery",
    }

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("many"):
            # One diagnosis for the page: the number of queries does not grow with it.
            context = {**self.get_serializer_context(), "pending_reasons": pending_reasons(args[0], timezone.now())}
            kwargs["context"] = context
        return super().get_serializer(*args, **kwargs)

    def perform_create(self, serializer: Any) -> None:
        values = dict(serializer.validated_data)
        template = values.pop("template", None)
        if template is None:
            serializer.instance = _create_from_fields(values)
            return
        if values.get("target") is not None:
            check_target(values["target"])
        made = create_delivery(
            template=template,
            now=timezone.now(),
            label=values.pop("label", None),
            operation=values.pop("operation", None),
            target=values.pop("target", None),
        )
        serializer.instance = edit_delivery(made, values, now=timezone.now())

    def perform_update(self, serializer: Any) -> None:
        values = dict(serializer.validated_data)
        if "template" in values and values.pop("template") != serializer.instance.template:
            raise serializers.ValidationError({"template": [_("A delivery keeps the template that it was made from.")]})
        serializer.instance = edit_delivery(serializer.instance, values, now=timezone.now())

    @extend_schema(request=PrepareSerializer, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def prepare(self, request: Request, pk: str) -> Response:
        delivery = self.get_object()
        wanted = _read(PrepareSerializer, request)
        request_preparation(delivery=delivery, action=wanted["action"], now=timezone.now())
        ring(tasks.prepare)
        return self._answer(delivery)

    @extend_schema(request=ConfirmSerializer, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        delivery = self.get_object()
        wanted = _read(ConfirmSerializer, request)
        confirm(delivery=delivery, now=timezone.now(), contact_date=wanted.get("contact_date"))
        ring(tasks.sweep)
        return self._answer(delivery)

    @extend_schema(request=None, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        return self._control(control.pause)

    @extend_schema(request=None, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        return self._control(control.resume)

    @extend_schema(request=StopSerializer, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        """With the scope "series" the workflow stops too; else `detail` says what goes on."""
        scope = _read(StopSerializer, request)["scope"]
        response = self._control(control.stop, scope=scope)
        if scope == control.OCCURRENCE:
            response.data["detail"] = control.stop_consequence(self.get_object())
        return response

    @extend_schema(request=SettleSerializer, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def settle(self, request: Request, pk: str) -> Response:
        """Decide what is in doubt: assume it sent, or send it again. `settled` says how many there were."""
        delivery = self.get_object()
        wanted = _read(SettleSerializer, request)
        settled = settlement.settle_in_doubt(
            delivery, decision=wanted["decision"], now=timezone.now(), broadlogs=wanted.get("broadlogs")
        )
        ring(tasks.sweep)
        response = self._answer(delivery)
        response.data["settled"] = settled
        return response

    @extend_schema(request=ProofSerializer, responses={201: DeliverySerializer})
    @action(detail=True, methods=["post"])
    def proof(self, request: Request, pk: str) -> Response:
        return answer_with_proof(self.get_object(), request)

    @extend_schema(parameters=[OpenApiParameter("recipient", int)], responses=dict)
    @action(detail=True, methods=["get"])
    def explain(self, request: Request, pk: str) -> Response:
        """Why it waits; with `?recipient=ID` why that person did, or didn't, get it."""
        delivery = self.get_object()
        recipient = request.query_params.get("recipient", "")
        if not recipient:
            return Response({"pending": [asdict(cause) for cause in pending_causes(delivery, timezone.now())]})
        if not recipient.isdigit():
            raise serializers.ValidationError({"recipient": [_("Give the number of a recipient.")]})
        person = get_object_or_404(Recipient, pk=recipient)
        return Response({"steps": [asdict(step) for step in explain_recipient(delivery, person.pk)]})

    @extend_schema(responses=dict)
    @action(detail=True, methods=["get"])
    def ledger(self, request: Request, pk: str) -> Response:
        return Response(ledger.check([self.get_object().pk]).document())

    def _control(self, act: Callable[..., Delivery], **options: Any) -> Response:
        delivery = act(self.get_object(), now=timezone.now(), **options)
        ring(tasks.sweep)
        return self._answer(delivery)

    def _answer(self, delivery: Delivery) -> Response:
        delivery.refresh_from_db()
        return Response(DeliverySerializer(delivery, context=self.get_serializer_context()).data)


def _create_from_fields(values: dict[str, Any]) -> Delivery:
    if not values.get("label"):
        raise serializers.ValidationError({"label": [_("A delivery needs a label, or a template that gives it one.")]})
    delivery = Delivery(**values)
    refuse_target(delivery, values)
    delivery.full_clean()
    delivery.save()
    return delivery


def _read(serializer_class: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    values: dict[str, Any] = serializer.validated_data
    return values
