"""`recipients/count/`: how many people a filter selects, in which words, and how many each condition leaves."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from recipients.filters import FilterContext, validate
from recipients.query.counting import EXACT, count
from recipients.query.waterfall import waterfall
from recipients.query.words import words


class QuestionSerializer(serializers.Serializer):  # type: ignore[type-arg]
    filter = serializers.JSONField()


class StepSerializer(serializers.Serializer):  # type: ignore[type-arg]
    path = serializers.CharField()
    alone = serializers.IntegerField()
    so_far = serializers.IntegerField()
    sampled = serializers.BooleanField()


class FilterCountSerializer(serializers.Serializer):  # type: ignore[type-arg]
    count = serializers.IntegerField()
    how = serializers.ChoiceField(choices=["exact", "sampled", "at_least", "unknown"])
    words = serializers.CharField()
    waterfall = StepSerializer(many=True)


class CountMixin:
    """Adds the action to the recipients' endpoint."""

    @extend_schema(request=QuestionSerializer, responses=FilterCountSerializer, filters=False)
    @action(detail=False, methods=["post"])
    def count(self, request: Request) -> Response:
        asked = QuestionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        document: Any = asked.validated_data["filter"]
        validate(document)
        context = FilterContext(timezone.now(), timezone.get_default_timezone())
        found = count(document, context)
        steps = waterfall(document, context, EXACT)
        answer = {"count": found.number, "how": found.how, "words": words(document)}
        return Response({**answer, "waterfall": [asdict(step) for step in steps]})
