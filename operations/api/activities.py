"""activities, transitions, activity-types: what a definition drew, to be read; written through the definition."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.filters import WholeNumberFilter
from common.api.permissions import IsAuthenticatedReader
from common.registry import UnknownCode
from installation.api.idempotency import IdempotentMixin
from operations.api.extensions import activity_actions
from operations.api.serializers import ActivitySerializer, ActivityTypeSerializer, TransitionSerializer
from operations.models import Activity, Transition
from operations.workflow.base import ActivityType
from operations.workflow.registry import activity_types


class ActivityViewSet(IdempotentMixin, viewsets.ReadOnlyModelViewSet[Activity]):
    queryset = Activity.objects.select_related("workflow")
    serializer_class = ActivitySerializer
    filterset_fields = ["workflow", "name", "type", "label", "retired"]

    @property
    def action_permissions(self) -> dict[str, str]:
        code = self.kwargs.get("code", "")
        return {"act": activity_actions.get(code).permission} if code in activity_actions else {}

    @extend_schema(request=dict, responses=dict)
    @action(detail=True, methods=["post"], url_path="(?P<code>[a-z][a-z_-]*)")
    def act(self, request: Request, pk: str, code: str) -> Response:
        """The actions that delivery activities bring, for example `proof`."""
        if code not in activity_actions:
            raise NotFound
        return activity_actions.get(code).answer(self.get_object(), request)


class TransitionFilter(django_filters.FilterSet):  # type: ignore[misc]
    workflow = WholeNumberFilter(field_name="source__workflow")

    class Meta:
        model = Transition
        fields = ["source", "outlet", "target"]


class TransitionViewSet(viewsets.ReadOnlyModelViewSet[Transition]):
    queryset = Transition.objects.select_related("source")
    serializer_class = TransitionSerializer
    filterset_class = TransitionFilter


class ActivityTypeViewSet(viewsets.ViewSet):
    """The types that exist here, with the keys of their configuration."""

    permission_classes = [IsAuthenticatedReader]
    serializer_class = ActivityTypeSerializer
    lookup_field = "code"

    @extend_schema(responses=ActivityTypeSerializer(many=True))
    def list(self, request: Request) -> Response:
        return Response({"results": [type_document(item) for item in activity_types], "next": None})

    @extend_schema(responses=ActivityTypeSerializer, parameters=[OpenApiParameter("code", str, OpenApiParameter.PATH)])
    def retrieve(self, request: Request, code: str) -> Response:
        try:
            return Response(type_document(activity_types.get(code)))
        except UnknownCode:
            raise NotFound from None


def type_document(activity_type: type[ActivityType]) -> dict[str, Any]:
    fields = [
        {
            "name": name,
            "required": field.required and field.initial is None,
            "default": field.initial,
            "choices": [str(value) for value, _label in getattr(field, "choices", [])] or None,
        }
        for name, field in activity_type.Config.base_fields.items()
    ]
    names: list[str] = list(ActivityTypeSerializer().get_fields())
    values = {name: getattr(activity_type, name) for name in names if name != "config"}
    return dict(ActivityTypeSerializer({**values, "config": fields}).data)
