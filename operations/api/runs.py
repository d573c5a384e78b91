"""workflow-runs: executions with their tasks, counts and log."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Prefetch
from rest_framework import viewsets

from common.api.filters import SlugFilter
from operations.api.serializers import WorkflowRunSerializer
from operations.models import ActivityRun, RunLog, RunState, WorkflowRun

TASK_LOG = Prefetch("log", RunLog.objects.order_by("pk"))
RUN_DETAILS = (
    Prefetch("tasks", ActivityRun.objects.order_by("pk").prefetch_related(TASK_LOG)),
    Prefetch("log", RunLog.objects.filter(task=None).order_by("pk"), to_attr="own_log"),
)


class WorkflowRunFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = SlugFilter(RunState)

    class Meta:
        model = WorkflowRun
        fields = {
            "workflow": ["exact"],
            "entry": ["exact"],
            "manual": ["exact"],
            "scheduled_for": ["exact", "gte", "lt"],
            "started_at": ["exact", "gte", "lt"],
            "ended_at": ["exact", "gte", "lt"],
        }


class WorkflowRunViewSet(viewsets.ReadOnlyModelViewSet[WorkflowRun]):
    queryset = WorkflowRun.objects.select_related("version").prefetch_related(*RUN_DETAILS)
    serializer_class = WorkflowRunSerializer
    filterset_class = WorkflowRunFilter


def run_document(run: WorkflowRun) -> dict[str, Any]:
    """The document of one run, read again with everything that belongs to it."""
    return dict(WorkflowRunSerializer(WorkflowRunViewSet.queryset.get(pk=run.pk)).data)
