"""The proof action, the same on a delivery, a template and an activity: 201 and the proof."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.doorbell import ring
from deliveries import tasks
from deliveries.api.serializers import DeliverySerializer
from deliveries.models import Delivery, DeliveryTemplate
from deliveries.proofs import send_proof
from operations.api.extensions import ActivityAction, activity_actions
from operations.models import Activity


class ProofSerializer(serializers.Serializer[Any]):
    """Who gets the proof: recipients, or bare addresses."""

    recipients = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False)
    addresses = serializers.ListField(child=serializers.CharField(max_length=254), required=False)


def answer_with_proof(of: Delivery | DeliveryTemplate | Activity, request: Request) -> Response:
    wanted = ProofSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    proof = send_proof(
        of=of,
        now=timezone.now(),
        recipients=wanted.validated_data.get("recipients"),
        addresses=wanted.validated_data.get("addresses"),
    )
    ring(tasks.prepare)
    return Response(DeliverySerializer(proof, context={"request": request}).data, status=201)


activity_actions.add("proof", ActivityAction("deliveries.proof_delivery", answer_with_proof))
