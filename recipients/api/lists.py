"""`recipient-lists/`, with their members added and removed by id."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.pagination import IdCursorPagination
from installation.api.idempotency import IdempotentMixin
from recipients import lists
from recipients.models import Recipient, RecipientList

MAX_MEMBERS = 10_000
CHANGE = "recipients.change_recipientlist"


class RecipientListSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = RecipientList
        fields = ("id", "label", "internal_name", "created_at")
        read_only_fields = ("created_at",)


class MembersSerializer(serializers.Serializer):  # type: ignore[type-arg]
    recipients = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), allow_empty=False, max_length=MAX_MEMBERS
    )

    def validate_recipients(self, numbers: list[int]) -> list[int]:
        known = set(Recipient.objects.filter(pk__in=numbers).values_list("pk", flat=True))
        unknown = [str(number) for number in numbers if number not in known]
        if unknown:
            message = _("There are no recipients %(numbers)s.") % {"numbers": ", ".join(unknown[:20])}
            raise serializers.ValidationError(message)
        return numbers


class CountSerializer(serializers.Serializer):  # type: ignore[type-arg]
    changed = serializers.IntegerField()


class MemberPagination(IdCursorPagination):
    ordering = "recipient_id"


class RecipientListViewSet(IdempotentMixin, viewsets.ModelViewSet):  # type: ignore[type-arg]
    queryset = RecipientList.objects.all()
    serializer_class = RecipientListSerializer
    filterset_fields = ("id", "label", "internal_name")
    action_permissions = {"add": CHANGE, "remove": CHANGE}

    @extend_schema(request=MembersSerializer, responses=CountSerializer)
    @action(detail=True, methods=["post"])
    def add(self, request: Request, pk: str) -> Response:
        chosen, numbers = self.get_object(), self._numbers(request)
        rows = Recipient.objects.filter(pk__in=numbers).values("pk")
        return Response({"changed": lists.append(recipient_list=chosen, rows=rows)})

    @extend_schema(request=MembersSerializer, responses=CountSerializer)
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, pk: str) -> Response:
        chosen, numbers = self.get_object(), self._numbers(request)
        return Response({"changed": lists.remove(recipient_list=chosen, recipient_ids=numbers)})

    @extend_schema(responses=serializers.ListSerializer(child=serializers.IntegerField()), filters=False)
    @action(detail=True, methods=["get"], pagination_class=MemberPagination)
    def members(self, request: Request, pk: str) -> Response:
        rows = self.get_object().members.values("recipient_id")
        page: list[dict[str, Any]] = self.paginate_queryset(rows) or []
        return self.get_paginated_response([row["recipient_id"] for row in page])

    def _numbers(self, request: Request) -> list[int]:
        document = MembersSerializer(data=request.data)
        document.is_valid(raise_exception=True)
        numbers: list[int] = document.validated_data["recipients"]
        return numbers
