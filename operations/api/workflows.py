"""workflows: documents, definition, actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import django_filters
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.filters import SlugFilter
from common.doorbell import ring
from installation.api.idempotency import IdempotentMixin
from operations import removal, services, tasks
from operations.api.rehearsals import RehearsalSerializer, RehearseSerializer
from operations.api.runs import run_document
from operations.api.serializers import (
    DefinitionSerializer,
    ImportSerializer,
    RunNowSerializer,
    WorkflowRunSerializer,
    WorkflowSerializer,
)
from operations.models import Workflow, WorkflowState
from operations.rehearsal.report import rehearsal_document
from operations.rehearsal.request import request_rehearsal
from operations.workflow.definition import read_definition
from operations.workflow.exchange import export_document, exported_file_name, import_workflow


class WorkflowFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = SlugFilter(WorkflowState)

    class Meta:
        model = Workflow
        fields = ["label", "internal_name", "operation", "failed", "time_zone"]


class WorkflowViewSet(IdempotentMixin, viewsets.ModelViewSet[Workflow]):
    queryset = Workflow.objects.select_related("operation")
    serializer_class = WorkflowSerializer
    filterset_class = WorkflowFilter
    action_permissions = {
        **dict.fromkeys(["start", "pause", "resume", "stop", "run_now", "rehearse"], "operations.run_workflow"),
        "import_workflow": "operations.add_workflow",
    }

    def perform_destroy(self, instance: Workflow) -> None:
        removal.delete_workflow(workflow=instance)

    @extend_schema(request=None, responses=WorkflowSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        return self._act(services.start_workflow)

    @extend_schema(request=None, responses=WorkflowSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        return self._act(services.pause_workflow)

    @extend_schema(request=None, responses=WorkflowSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        return self._act(services.resume_workflow)

    @extend_schema(request=None, responses=WorkflowSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        return self._act(services.stop_workflow)

    @extend_schema(request=RunNowSerializer, responses={201: WorkflowRunSerializer, 200: WorkflowRunSerializer})
    @action(detail=True, methods=["post"], url_path="run-now")
    def run_now(self, request: Request, pk: str) -> Response:
        """201 and the new run, which goes on by itself; 200 and the former one for an instant that has a run."""
        workflow = self.get_object()
        wanted = RunNowSerializer(data=request.data, zone=ZoneInfo(workflow.zone_name()))
        wanted.is_valid(raise_exception=True)
        run, created = services.run_now(workflow=workflow, now=timezone.now(), **wanted.validated_data)
        ring(tasks.advance_run, run_id=run.pk)
        return Response(run_document(run), status=201 if created else 200)

    @extend_schema(request=RehearseSerializer, responses={202: RehearsalSerializer})
    @action(detail=True, methods=["post"])
    def rehearse(self, request: Request, pk: str) -> Response:
        """202 and the rehearsal, which goes on by itself: read it again at `rehearsals/{id}/`."""
        wanted = RehearseSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        user: Any = request.user
        rehearsal = request_rehearsal(workflow=self.get_object(), by=user, now=timezone.now(), **wanted.validated_data)
        ring(tasks.rehearse)
        return Response(rehearsal_document(rehearsal), status=202)

    @extend_schema(responses=DefinitionSerializer)
    @action(detail=True, methods=["get"])
    def definition(self, request: Request, pk: str) -> Response:
        return Response(read_definition(self.get_object()))

    @extend_schema(request=DefinitionSerializer, responses=DefinitionSerializer)
    @definition.mapping.put
    def replace_definition(self, request: Request, pk: str) -> Response:
        """Saves the document as the next version; 409 unless `version` is the present one."""
        workflow = self.get_object()
        document: Any = request.data
        user: Any = request.user
        services.save_definition(workflow, document, by=user, now=timezone.now())
        workflow.refresh_from_db()
        return Response(read_definition(workflow))

    @extend_schema(responses={(200, "application/yaml"): str})
    @action(detail=True, methods=["get"])
    def export(self, request: Request, pk: str) -> HttpResponse:
        """The workflow as YAML that another installation can import: rows by internal name, content included."""
        workflow = self.get_object()
        answer = HttpResponse(export_document(workflow), content_type="application/yaml; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="{exported_file_name(workflow)}"'
        return answer

    @extend_schema(request=ImportSerializer, responses={201: WorkflowSerializer})
    @action(detail=False, methods=["post"], url_path="import")
    def import_workflow(self, request: Request) -> Response:
        """A new workflow, being edited, from an exported one."""
        given = ImportSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user: Any = request.user
        workflow = import_workflow(given.validated_data["yaml"], operation=given.validated_data["operation"], by=user)
        return Response(self.get_serializer(workflow).data, status=201)

    def _act(self, service: Callable[..., Any]) -> Response:
        workflow = self.get_object()
        service(workflow=workflow, now=timezone.now())
        ring(tasks.sweep)
        workflow.refresh_from_db()
        return Response(self.get_serializer(workflow).data)
