"""plans, programs, operations."""

from __future__ import annotations

from typing import Any

import django_filters
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.filters import SlugFilter
from installation.api.idempotency import IdempotentMixin
from operations import services
from operations.api.serializers import (
    CancelSerializer,
    CopySerializer,
    OperationSerializer,
    PlanSerializer,
    ProgramSerializer,
)
from operations.copying import copy_operation
from operations.models import Operation, OperationState, Plan, Program


class PlanViewSet(IdempotentMixin, viewsets.ModelViewSet[Plan]):
    queryset = Plan.objects.all()
    serializer_class = PlanSerializer
    filterset_fields = ["label", "internal_name"]


class ProgramViewSet(IdempotentMixin, viewsets.ModelViewSet[Program]):
    queryset = Program.objects.all()
    serializer_class = ProgramSerializer
    filterset_fields = ["label", "internal_name", "plan"]


class OperationFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = SlugFilter(OperationState)

    class Meta:
        model = Operation
        fields = ["label", "internal_name", "program", "priority", "starts_on", "ends_on", "owner", "is_template"]


class OperationViewSet(IdempotentMixin, viewsets.ModelViewSet[Operation]):
    queryset = Operation.objects.all()
    serializer_class = OperationSerializer
    filterset_class = OperationFilter
    action_permissions = {
        "start": "operations.start_operation",
        "cancel": "operations.cancel_operation",
        "copy": "operations.add_operation",
    }

    @extend_schema(request=None, responses=OperationSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        operation = self.get_object()
        services.start_operation(operation=operation, now=timezone.now())
        return Response(self._document(operation))

    @extend_schema(request=CancelSerializer, responses=OperationSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stops its workflows and deliveries; `stopped` says how many. It may be asked again."""
        operation = self.get_object()
        user: Any = request.user
        wanted = CancelSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        stopped = services.cancel_operation(operation=operation, now=timezone.now(), by=user, **wanted.validated_data)
        return Response({**self._document(operation), "stopped": stopped})

    @extend_schema(request=CopySerializer, responses={201: OperationSerializer})
    @action(detail=True, methods=["post"])
    def copy(self, request: Request, pk: str) -> Response:
        """A new operation, being edited, with copies of its workflows; of a template: one made from it."""
        wanted = CopySerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        user: Any = request.user
        made = copy_operation(source=self.get_object(), by=user, **wanted.validated_data)
        return Response(dict(self.get_serializer(made).data), status=201)

    def _document(self, operation: Operation) -> dict[str, Any]:
        operation.refresh_from_db()
        return dict(self.get_serializer(operation).data)
