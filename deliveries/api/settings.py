"""typologies/, routes/ and affinities/: what deliveries are sent with."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework import serializers, viewsets

from deliveries.models import Affinity, Route, Typology, TypologyRule
from deliveries.routes import set_password, validate_url
from deliveries.typology.registry import control_rules
from installation.api.idempotency import IdempotentMixin


class TypologyRuleSerializer(serializers.ModelSerializer[TypologyRule]):
    class Meta:
        model = TypologyRule
        fields = ("type", "level", "active", "sequence")

    def validate_type(self, value: str) -> str:
        if value not in control_rules:
            raise serializers.ValidationError(
                _("%(type)s: there is no such rule; there are %(types)s.")
                % {"type": value, "types": ", ".join(control_rules.codes())}
            )
        return value


class TypologySerializer(serializers.ModelSerializer[Typology]):
    rules = TypologyRuleSerializer(many=True, required=False)

    class Meta:
        model = Typology
        fields = ("id", "label", "internal_name", "rules")
        extra_kwargs = {"internal_name": {"required": False}}

    def validate_rules(self, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
        types = [rule["type"] for rule in rules]
        if len(set(types)) < len(types):
            raise serializers.ValidationError(_("A typology names each rule once."))
        return rules

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> Typology:
        rules = validated_data.pop("rules", [])
        typology = super().create(validated_data)
        _replace_rules(typology, rules)
        return typology

    @transaction.atomic
    def update(self, instance: Typology, validated_data: dict[str, Any]) -> Typology:
        rules = validated_data.pop("rules", None)
        typology = super().update(instance, validated_data)
        if rules is not None:
            typology.rules.all().delete()
            _replace_rules(typology, rules)
        return typology


def _replace_rules(typology: Typology, rules: list[dict[str, Any]]) -> None:
    TypologyRule.objects.bulk_create(TypologyRule(typology=typology, **rule) for rule in rules)


class TypologyViewSet(IdempotentMixin, viewsets.ModelViewSet[Typology]):
    queryset = Typology.objects.prefetch_related("rules")
    serializer_class = TypologySerializer
    filterset_fields = ("label", "internal_name")


class RouteSerializer(serializers.ModelSerializer[Route]):
    """The password goes in and never comes out; `has_password` says whether there is one."""

    password = serializers.CharField(write_only=True, required=False, allow_blank=True, trim_whitespace=False)
    has_password = serializers.SerializerMethodField()

    class Meta:
        model = Route
        fields = (
            "id",
            "label",
            "internal_name",
            "channel",
            "url",
            "password",
            "has_password",
            "max_connections",
            "is_default",
            "paused",
            "paused_until",
            "pause_reason",
        )
        extra_kwargs = {"internal_name": {"required": False}}

    def get_has_password(self, route: Route) -> bool:
        return bool(route.encrypted_password)

    def validate_url(self, value: str) -> str:
        validate_url(value)
        return value

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> Route:
        password = validated_data.pop("password", "")
        route = super().create(validated_data)
        set_password(route, password)
        return route

    @transaction.atomic
    def update(self, instance: Route, validated_data: dict[str, Any]) -> Route:
        password = validated_data.pop("password", None)
        route = super().update(instance, validated_data)
        if password is not None:
            set_password(route, password)
        return route


class RouteViewSet(IdempotentMixin, viewsets.ModelViewSet[Route]):
    queryset = Route.objects.all()
    serializer_class = RouteSerializer
    filterset_fields = ("label", "internal_name", "channel", "is_default", "paused")


class AffinitySerializer(serializers.ModelSerializer[Affinity]):
    class Meta:
        model = Affinity
        fields = ("id", "name")


class AffinityViewSet(IdempotentMixin, viewsets.ModelViewSet[Affinity]):
    queryset = Affinity.objects.all()
    serializer_class = AffinitySerializer
    filterset_fields = ("name",)
