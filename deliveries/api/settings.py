"""typologies/: the rules that every analysis applies."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework import serializers, viewsets

from deliveries.models import Typology, TypologyRule
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
