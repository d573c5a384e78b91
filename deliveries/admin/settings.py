"""Routes, affinities and typologies."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import ServiceActionsMixin, service_action
from deliveries.models import Affinity, Route, Typology, TypologyRule
from deliveries.routes import InvalidRoute, pause_route, resume_route, set_password, validate_url
from deliveries.typology.registry import control_rules


class RouteForm(forms.ModelForm[Route]):
    password = forms.CharField(
        label=gettext_lazy("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput,
        help_text=gettext_lazy("Kept encrypted and never shown; leave it empty to keep the one there is."),
    )
    forget_password = forms.BooleanField(label=gettext_lazy("Forget the password"), required=False)

    class Meta:
        model = Route
        fields = ["label", "internal_name", "channel", "url", "max_connections", "is_default"]

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        try:
            validate_url(url)
        except InvalidRoute as error:
            raise ValidationError(str(error)) from error
        return url


@admin.register(Route)
class RouteAdmin(ServiceActionsMixin, admin.ModelAdmin[Route]):
    form = RouteForm
    list_display = ["label", "channel", "url", "is_default", "paused", "paused_until"]
    list_filter = ["channel", "paused"]
    readonly_fields = ["paused", "paused_until", "pause_reason"]
    fields = [
        "label",
        "internal_name",
        "channel",
        "url",
        "password",
        "forget_password",
        "max_connections",
        "is_default",
        "paused",
        "paused_until",
        "pause_reason",
    ]

    def save_model(self, request: HttpRequest, obj: Route, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.cleaned_data["password"] or form.cleaned_data["forget_password"]:
            set_password(obj, "" if form.cleaned_data["forget_password"] else form.cleaned_data["password"])

    @service_action(
        label=gettext_lazy("Pause the route"),
        permission="deliveries.change_route",
        enabled=lambda route: not route.paused,
        why_disabled=lambda route: gettext_lazy("It is paused."),
    )
    def pause(self, request: HttpRequest, route: Route) -> str:
        pause_route(route_id=route.pk, reason=_("Paused by %(user)s.") % {"user": request.user}, now=timezone.now())
        return _("The route is paused: no message leaves through it.")

    @service_action(
        label=gettext_lazy("Resume the route"),
        permission="deliveries.change_route",
        enabled=lambda route: route.paused,
        why_disabled=lambda route: gettext_lazy("It is not paused."),
    )
    def resume(self, request: HttpRequest, route: Route) -> str:
        resume_route(route_id=route.pk)
        return _("The route is in use again.")


@admin.register(Affinity)
class AffinityAdmin(admin.ModelAdmin[Affinity]):
    list_display = ["name"]
    search_fields = ["name"]


class TypologyRuleForm(forms.ModelForm[TypologyRule]):
    class Meta:
        model = TypologyRule
        fields = ["type", "level", "active", "sequence"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(code, rule.label) for code, rule in control_rules.items()]
        self.fields["type"] = forms.ChoiceField(label=gettext_lazy("Rule"), choices=choices)


class TypologyRuleInline(admin.TabularInline[TypologyRule, Typology]):
    model = TypologyRule
    form = TypologyRuleForm
    ordering = ["sequence", "pk"]
    extra = 1


@admin.register(Typology)
class TypologyAdmin(admin.ModelAdmin[Typology]):
    list_display = ["label", "internal_name"]
    search_fields = ["label", "internal_name"]
    inlines = [TypologyRuleInline]
