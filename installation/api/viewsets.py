"""Live options, and the sending processes that are alive."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from installation import options, processes
from installation.models import Option, Process


class OptionSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(read_only=True)
    value = serializers.IntegerField()
    default = serializers.IntegerField(read_only=True)
    help = serializers.CharField(read_only=True)


class OptionViewSet(viewsets.GenericViewSet[Option]):
    """The declared options; one that nobody changed has its default."""

    queryset = Option.objects.all()
    serializer_class = OptionSerializer
    lookup_field = "name"
    lookup_value_regex = "[A-Za-z0-9_]+"
    pagination_class = None
    filter_backends = ()

    def list(self, request: Request) -> Response:
        return Response({"results": [_document(option) for option in options.options], "next": None})

    def retrieve(self, request: Request, name: str) -> Response:
        return Response(_document(_declared(name)))

    @extend_schema(request=OptionSerializer, responses=OptionSerializer)
    def partial_update(self, request: Request, name: str) -> Response:
        option = _declared(name)
        given: Any = request.data
        if not isinstance(given, dict) or "value" not in given:
            raise serializers.ValidationError({"value": [_("This field is required.")]})
        try:
            options.set_option(name, given["value"])
        except options.InvalidOption as error:
            raise serializers.ValidationError({"value": [str(error)]}) from None
        return Response(_document(option))


def _declared(name: str) -> options.IntegerOption:
    try:
        return options.declared(name)
    except options.InvalidOption as error:
        raise NotFound(str(error)) from None


def _document(option: options.IntegerOption) -> dict[str, Any]:
    return dict(
        OptionSerializer(
            {
                "name": option.name,
                "value": options.get_option(option.name),
                "default": option.default,
                "help": option.help,
            }
        ).data
    )


class ProcessSerializer(serializers.ModelSerializer[Process]):
    class Meta:
        model = Process
        fields = [
            "id",
            "uid",
            "kind",
            "name",
            "host",
            "pid",
            "memory_mb",
            "affinities",
            "started_at",
            "heartbeat_at",
            "progressed_at",
            "stop_requested",
        ]


class ProcessFilter(django_filters.FilterSet):  # type: ignore[misc]
    class Meta:
        model = Process
        fields = ["name", "host", "pid"]


class MtaProcessViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Process]):
    """The MTA processes whose heartbeat is fresh."""

    serializer_class = ProcessSerializer
    filterset_class = ProcessFilter
    queryset = Process.objects.filter(kind=Process.Kind.MTA)

    def get_queryset(self) -> QuerySet[Process]:
        return processes.alive(timezone.now(), Process.Kind.MTA)
