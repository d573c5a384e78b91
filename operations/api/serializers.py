"""The documents of the contract: slugs for states, numbers for foreign keys."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext as _
from rest_framework import serializers

from common.api.fields import SlugChoiceField
from operations.models import (
    Activity,
    Operation,
    OperationState,
    Plan,
    Program,
    RunLog,
    RunState,
    TaskState,
    Transition,
    Workflow,
    WorkflowRun,
    WorkflowState,
)
from operations.workflow.registry import activity_types, get_type


class PlanSerializer(serializers.ModelSerializer[Plan]):
    class Meta:
        model = Plan
        fields = ["id", "label", "internal_name"]
        extra_kwargs = {"internal_name": {"required": False}}


class ProgramSerializer(serializers.ModelSerializer[Program]):
    class Meta:
        model = Program
        fields = ["id", "label", "internal_name", "plan"]
        extra_kwargs = {"internal_name": {"required": False}}


class OperationSerializer(serializers.ModelSerializer[Operation]):
    state = SlugChoiceField(OperationState, read_only=True)

    class Meta:
        model = Operation
        fields = [
            "id",
            "label",
            "internal_name",
            "program",
            "state",
            "priority",
            "starts_on",
            "ends_on",
            "owner",
            "description",
            "is_template",
            "duration_days",
            "copied_from",
            "cancelled_at",
            "cancel_reason",
            "created_at",
        ]
        read_only_fields = ["copied_from", "cancelled_at", "cancel_reason"]
        extra_kwargs = {"internal_name": {"required": False}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        start, end = (attrs.get(name, getattr(self.instance, name, None)) for name in ("starts_on", "ends_on"))
        if start and end and end < start:
            raise serializers.ValidationError({"ends_on": [_("The operation ends before it starts.")]})
        return attrs


class CancelSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class CopySerializer(serializers.Serializer[Any]):
    label = serializers.CharField(max_length=200)  # type: ignore[assignment]
    program = serializers.PrimaryKeyRelatedField(queryset=Program.objects.all(), required=False, allow_null=True)
    starts_on = serializers.DateField(required=False, allow_null=True)
    is_template = serializers.BooleanField(default=False)


class WorkflowSerializer(serializers.ModelSerializer[Workflow]):
    state = SlugChoiceField(WorkflowState, read_only=True)

    class Meta:
        model = Workflow
        fields = [
            "id",
            "label",
            "internal_name",
            "operation",
            "state",
            "failed",
            "time_zone",
            "version",
            "started_at",
            "created_at",
        ]
        read_only_fields = ["failed", "version", "started_at"]
        extra_kwargs = {"internal_name": {"required": False}}

    def validate_time_zone(self, name: str) -> str:
        if name and name not in available_timezones():
            raise serializers.ValidationError(_("%(name)s is not a time zone such as Europe/Paris.") % {"name": name})
        return name


class ActivitySerializer(serializers.ModelSerializer[Activity]):
    class Meta:
        model = Activity
        fields = ["id", "workflow", "name", "type", "label", "x", "y", "config", "retired"]

    def to_representation(self, instance: Activity) -> dict[str, Any]:
        document = super().to_representation(instance)
        # The type of a row can be gone: the app that brought it may be.
        extra = get_type(instance.type).document(instance) if instance.type in activity_types else {}
        return {**document, **extra}


class TransitionSerializer(serializers.ModelSerializer[Transition]):
    workflow = serializers.IntegerField(source="source.workflow_id", read_only=True)

    class Meta:
        model = Transition
        fields = ["id", "workflow", "source", "outlet", "target"]


class RunLogSerializer(serializers.ModelSerializer[RunLog]):
    message = serializers.CharField(source="text", read_only=True)

    class Meta:
        model = RunLog
        fields = ["at", "level", "message"]


class TaskSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    state = SlugChoiceField(TaskState)
    outlets = serializers.DictField(child=serializers.IntegerField())
    error = serializers.CharField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()
    log = RunLogSerializer(many=True)


class WorkflowRunSerializer(serializers.ModelSerializer[WorkflowRun]):
    state = SlugChoiceField(RunState, read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    activities = TaskSerializer(source="tasks", many=True, read_only=True)
    log = RunLogSerializer(source="own_log", many=True, read_only=True)

    class Meta:
        model = WorkflowRun
        fields = [
            "id",
            "workflow",
            "version",
            "entry",
            "scheduled_for",
            "manual",
            "state",
            "started_at",
            "ended_at",
            "error",
            "activities",
            "log",
        ]


class ActivityTypeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    category = serializers.CharField()
    minimum_inbound = serializers.IntegerField()
    maximum_inbound = serializers.IntegerField(allow_null=True)
    is_scheduler = serializers.BooleanField()
    needs_operation = serializers.BooleanField()
    config = serializers.ListField(child=serializers.DictField())


class ActivityDocumentSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.CharField()
    label = serializers.CharField(required=False)  # type: ignore[assignment]
    x = serializers.IntegerField(required=False)
    y = serializers.IntegerField(required=False)
    config = serializers.DictField(required=False)


class TransitionDocumentSerializer(serializers.Serializer[Any]):
    source = serializers.CharField()  # type: ignore[assignment]
    outlet = serializers.CharField(required=False)
    target = serializers.CharField()


class DefinitionSerializer(serializers.Serializer[Any]):
    """Describes the document; `operations.workflow.definition` reads it."""

    version = serializers.IntegerField()
    activities = ActivityDocumentSerializer(many=True)
    transitions = TransitionDocumentSerializer(many=True)


class ImportSerializer(serializers.Serializer[Any]):
    yaml = serializers.CharField(trim_whitespace=False)
    operation = serializers.PrimaryKeyRelatedField(queryset=Operation.objects.all(), required=False, default=None)


class RunNowSerializer(serializers.Serializer[Any]):
    scheduled_for = serializers.DateTimeField(required=False, allow_null=True)
    entry = serializers.CharField(required=False, allow_blank=True, default="")

    def __init__(self, *args: Any, zone: ZoneInfo | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A time without an offset is local to the workflow, not to the server.
        instant = serializers.DateTimeField(required=False, allow_null=True, default_timezone=zone)
        self.fields["scheduled_for"] = instant
