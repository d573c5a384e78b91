"""assignments: what workflows ask of people; whoever may answer answers here too."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.filters import BooleanFilter
from common.api.permissions import IsAuthenticatedReader
from common.doorbell import ring
from installation.api.idempotency import IdempotentMixin
from operations import assignments, tasks
from operations.models import Assignment


class AssignmentSerializer(serializers.ModelSerializer[Assignment]):
    workflow = serializers.IntegerField(source="task.run.workflow_id", read_only=True)
    workflow_run = serializers.IntegerField(source="task.run_id", read_only=True)
    activity = serializers.CharField(source="task.name", read_only=True)
    choices = serializers.SerializerMethodField()

    class Meta:
        model = Assignment
        fields = [
            "id",
            "workflow",
            "workflow_run",
            "activity",
            "kind",
            "title",
            "message",
            "group",
            "user",
            "choices",
            "due_at",
            "answer",
            "answered_by",
            "answered_at",
            "comment",
            "created_at",
        ]

    def get_choices(self, row: Assignment) -> list[dict[str, str]]:
        return [{"name": choice["name"], "label": assignments.choice_label(choice)} for choice in row.choices]


class AnswerSerializer(serializers.Serializer[Any]):
    """One of the choices, and a word for those who read it later."""

    choice = serializers.CharField(max_length=100)
    comment = serializers.CharField(
        max_length=assignments.MAXIMUM_COMMENT, required=False, allow_blank=True, default=""
    )


class AssignmentFilter(django_filters.FilterSet):  # type: ignore[misc]
    open = BooleanFilter(field_name="answered_at", lookup_expr="isnull")

    class Meta:
        model = Assignment
        fields = ["kind"]


class AssignmentViewSet(IdempotentMixin, viewsets.ReadOnlyModelViewSet[Assignment]):
    queryset = Assignment.objects.select_related("task__run")
    serializer_class = AssignmentSerializer
    filterset_class = AssignmentFilter
    # Whom a workflow asks needs no other right: each sees what is asked of them.
    permission_classes = [IsAuthenticatedReader]

    def get_queryset(self) -> QuerySet[Assignment]:
        return assignments.visible_to(self.request.user).select_related("task__run")

    @extend_schema(request=AnswerSerializer, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """The first answer counts; a later one is 409."""
        wanted = AnswerSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        user: Any = request.user
        row = assignments.answer(self.get_object(), by=user, now=timezone.now(), **wanted.validated_data)
        ring(tasks.sweep)
        return Response(self.get_serializer(row).data)
