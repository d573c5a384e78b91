"""POST activities/{id}/signal/: another system tells a workflow to go on."""

from __future__ import annotations

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.doorbell import ring
from operations import signals, tasks
from operations.api.extensions import ActivityAction, activity_actions
from operations.models import Activity, ExternalSignal


class ExternalSignalSerializer(serializers.ModelSerializer[ExternalSignal]):
    class Meta:
        model = ExternalSignal
        fields = ["id", "activity", "received_at"]


def answer_with_signal(activity: Activity, request: Request) -> Response:
    """201 and the signal, kept until a task takes it. `parameters` become variables of the run."""
    data = request.data if isinstance(request.data, dict) else {}
    signal = signals.receive(activity=activity, parameters=data.get("parameters", {}), now=timezone.now())
    ring(tasks.sweep)
    return Response(ExternalSignalSerializer(signal).data, status=201)


activity_actions.add("signal", ActivityAction("operations.run_workflow", answer_with_signal))
