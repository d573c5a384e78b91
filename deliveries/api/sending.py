"""routes/ and affinities/: how messages leave."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework import serializers, viewsets

from deliveries.endpoints import (
    InvalidRoute,
    check_host_name,
    encrypt_password,
    is_direct,
    set_password,
    validate_relay_url,
    validate_url,
)
from deliveries.models import Affinity, Relay, Route
from deliveries.mta.settling.formats import log_formats
from installation.api.idempotency import IdempotentMixin


class RelaySerializer(serializers.ModelSerializer[Relay]):
    """An additional server. Its password goes in and never comes out; left out, the one there is stays."""

    password = serializers.CharField(write_only=True, required=False, allow_blank=True, trim_whitespace=False)
    has_password = serializers.SerializerMethodField()

    class Meta:
        model = Relay
        fields = ("url", "authentication", "password", "has_password", "preference", "weight")

    def get_has_password(self, relay: Relay) -> bool:
        return bool(relay.encrypted_password)

    def validate_url(self, value: str) -> str:
        try:
            validate_relay_url(value)
        except InvalidRoute as error:
            # Raised as it is it would name a field of the route.
            raise serializers.ValidationError(str(error)) from error
        return value


class RouteSerializer(serializers.ModelSerializer[Route]):
    """The password goes in and never comes out; `has_password` says whether there is one."""

    password = serializers.CharField(write_only=True, required=False, allow_blank=True, trim_whitespace=False)
    has_password = serializers.SerializerMethodField()
    relays = RelaySerializer(many=True, required=False)

    class Meta:
        model = Route
        fields = (
            "id",
            "label",
            "internal_name",
            "channel",
            "url",
            "authentication",
            "password",
            "has_password",
            "weight",
            "relays",
            "max_connections",
            "max_messages_per_connection",
            "relay_log",
            "relay_log_format",
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

    def validate_relay_log_format(self, value: str) -> str:
        if value and value not in log_formats:
            raise serializers.ValidationError(
                _("There is no format %(name)s; there are %(names)s.")
                % {"name": value, "names": ", ".join(log_formats.codes())}
            )
        return value

    def validate_relays(self, relays: list[dict[str, Any]]) -> list[dict[str, Any]]:
        urls = [relay["url"] for relay in relays]
        if len(set(urls)) < len(urls):
            raise serializers.ValidationError(_("A route names each server once."))
        return relays

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        route = Route(url=attrs.get("url", self.instance.url if self.instance else ""))
        relays = attrs.get("relays", self.instance.relays.all() if self.instance else [])
        if relays and is_direct(route):
            raise serializers.ValidationError({"relays": _("The direct way has no additional servers.")})
        return attrs

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> Route:
        password, relays = validated_data.pop("password", ""), validated_data.pop("relays", [])
        route = super().create(validated_data)
        set_password(route, password)
        _replace_relays(route, relays)
        return route

    @transaction.atomic
    def update(self, instance: Route, validated_data: dict[str, Any]) -> Route:
        password, relays = validated_data.pop("password", None), validated_data.pop("relays", None)
        route = super().update(instance, validated_data)
        if password is not None:
            set_password(route, password)
        if relays is not None:
            _replace_relays(route, relays)
        return route


def _replace_relays(route: Route, relays: list[dict[str, Any]]) -> None:
    """A server that stays keeps its password unless it is given another."""
    kept = dict(route.relays.values_list("url", "encrypted_password"))
    route.relays.all().delete()
    for relay in relays:
        password = relay.pop("password", None)
        encrypted = kept.get(relay["url"], "") if password is None else encrypt_password(password)
        Relay.objects.create(route=route, encrypted_password=encrypted, **relay)
    # What was prefetched is the old list.
    getattr(route, "_prefetched_objects_cache", {}).pop("relays", None)


class RouteViewSet(IdempotentMixin, viewsets.ModelViewSet[Route]):
    queryset = Route.objects.prefetch_related("relays")
    serializer_class = RouteSerializer
    filterset_fields = ("label", "internal_name", "channel", "is_default", "paused")


class AffinitySerializer(serializers.ModelSerializer[Affinity]):
    class Meta:
        model = Affinity
        fields = ("id", "name", "source_ipv4", "source_ipv6", "host_name")

    def validate_host_name(self, value: str) -> str:
        return check_host_name(value)


class AffinityViewSet(IdempotentMixin, viewsets.ModelViewSet[Affinity]):
    queryset = Affinity.objects.all()
    serializer_class = AffinitySerializer
    filterset_fields = ("name",)
