"""`recipients/`: read, created, changed; erased by their own command, never deleted."""

from __future__ import annotations

import json
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.filters import WholeNumberFilter
from common.audit import API, Deed, record
from installation.api.idempotency import IdempotentMixin
from recipients.addresses import InvalidAddress, clean_email
from recipients.api.counting import CountMixin
from recipients.denylist import COLUMNS
from recipients.erasure.access import person_document
from recipients.erasure.erase import erase_recipient
from recipients.erasure.suppression import ERASED, suppressed
from recipients.filters.fields import is_attribute_name
from recipients.filters.values import UNSTORABLE
from recipients.models import Recipient

MAX_ATTRIBUTES_SIZE = 100_000


class DenylistSerializer(serializers.Serializer):  # type: ignore[type-arg]
    email = serializers.BooleanField(source="denylist_email", required=False)
    sms = serializers.BooleanField(source="denylist_sms", required=False)
    push = serializers.BooleanField(source="denylist_push", required=False)
    file = serializers.BooleanField(source="denylist_file", required=False)
    all = serializers.BooleanField(source="denylist_all", required=False)


class RecipientSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    # No trimming: a line break around an address is refused, not hidden.
    email = serializers.CharField(
        max_length=254, required=False, allow_blank=True, allow_null=True, trim_whitespace=False
    )
    denylist = DenylistSerializer(source="*", required=False)
    attributes = serializers.DictField(required=False)

    class Meta:
        model = Recipient
        fields = (
            *("id", "email", "first_name", "last_name", "mobile_phone", "birth_date", "language", "gender"),
            *("country_code", "denylist", "attributes", "created_at"),
        )
        read_only_fields = ("created_at",)

    def validate_email(self, text: str | None) -> str:
        if not text or not text.strip(" "):
            return ""
        try:
            return clean_email(text)
        except InvalidAddress as error:
            raise serializers.ValidationError(str(error)) from error

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None and suppressed([(attrs.get("email") or "", attrs.get("mobile_phone") or "")]):
            raise serializers.ValidationError({"email": ERASED})
        return attrs

    def validate_attributes(self, attributes: dict[str, Any]) -> dict[str, Any]:
        for name in attributes:
            if not is_attribute_name(name):
                message = _("“%(name)s” can't be the name of an attribute: letters, digits, “_”, “-” and spaces only.")
                raise serializers.ValidationError(message % {"name": name[:100]})
        text = json.dumps(attributes, ensure_ascii=False)
        if len(text) > MAX_ATTRIBUTES_SIZE:
            raise serializers.ValidationError(_("These attributes are too large."))
        # What databases can't keep inside a document.
        if "\\u0000" in text or UNSTORABLE.search(text):
            raise serializers.ValidationError(_("An attribute holds characters that no text has."))
        return attributes


class RecipientFilter(django_filters.FilterSet):  # type: ignore[misc]
    email = django_filters.CharFilter(method="with_email")
    list = WholeNumberFilter(field_name="list_memberships__recipient_list_id")
    service = WholeNumberFilter(field_name="subscriptions__service_id")
    created_at__gte = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_at__lt = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Recipient
        fields = (
            *("id", "email", "first_name", "last_name", "mobile_phone", "birth_date", "language", "gender"),
            *("country_code", *COLUMNS.values()),
        )

    def with_email(self, queryset: QuerySet[Recipient], name: str, value: str) -> QuerySet[Recipient]:
        return queryset.filter(email_key=value.strip(" ").lower())


class RecipientViewSet(
    CountMixin,
    IdempotentMixin,
    mixins.ListModelMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    viewsets.GenericViewSet,  # type: ignore[type-arg]
):
    queryset = Recipient.objects.all()
    serializer_class = RecipientSerializer
    filterset_class = RecipientFilter
    action_permissions = {
        "count": "recipients.view_recipient",
        "erase": "recipients.erase_recipient",
        "export": "recipients.erase_recipient",
    }

    @extend_schema(request=None, responses=RecipientSerializer)
    @action(detail=True, methods=["post"])
    def erase(self, request: Request, pk: str) -> Response:
        """Erase the person for good, wherever something is kept of them."""
        recipient = self.get_object()
        erase_recipient(recipient, now=timezone.now())
        return Response(self.get_serializer(recipient).data)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True)
    def export(self, request: Request, pk: str) -> Response:
        """All that is kept of the person: table → rows."""
        recipient = self.get_object()
        record(Deed(recipient, "export", API, request.user, timezone.now()))
        return Response(person_document(recipient))
