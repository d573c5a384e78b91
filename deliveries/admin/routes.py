"""Routes with their servers, and affinities: how messages leave."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import ServiceActionsMixin, service_action
from deliveries.channels.registry import channels
from deliveries.endpoints import (
    InvalidRoute,
    check_host_name,
    encrypt_password,
    is_direct,
    validate_relay_url,
    validate_url,
)
from deliveries.models import Affinity, Relay, Route
from deliveries.mta.settling.formats import log_formats
from deliveries.route_check import check_route
from deliveries.routes import pause_route, resume_route

_ADDRESS_HELP = gettext_lazy(
    "smtp://user@host:port or smtps://… for a relay, with ?tls=required or ?tls=off; mx:// for the direct way to the "
    "mail servers of each domain; empty: the address in SMTP_URL."
)


class PasswordForm(forms.ModelForm[Any]):
    """A form of something with an address and a password that goes in and never comes out."""

    password = forms.CharField(
        label=gettext_lazy("Password or token"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Kept encrypted and never shown; leave it empty to keep the one there is."),
    )
    forget_password = forms.BooleanField(label=gettext_lazy("Forget the password"), required=False)

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        try:
            self.check_url(url)
        except InvalidRoute as error:
            raise ValidationError(str(error)) from error
        return url

    def check_url(self, url: str) -> None:
        raise NotImplementedError

    def save(self, commit: bool = True) -> Any:
        password, forget = self.cleaned_data["password"], self.cleaned_data["forget_password"]
        if password or forget:
            self.instance.encrypted_password = encrypt_password("" if forget else password)
        return super().save(commit)


class RouteForm(PasswordForm):
    class Meta:
        model = Route
        fields = [
            "label",
            "internal_name",
            "channel",
            "url",
            "authentication",
            "weight",
            "max_connections",
            "max_messages_per_connection",
            "relay_log",
            "relay_log_format",
            "is_default",
        ]
        help_texts = {
            "url": _ADDRESS_HELP,
            "weight": gettext_lazy("Of this server beside the additional ones of preference 0."),
            "relay_log": gettext_lazy(
                "The file where the relay writes what became of each message: messages in doubt are settled from it."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = log_formats.codes()
        self.fields["relay_log_format"].widget = forms.Select(choices=[(code, code) for code in codes])

    def check_url(self, url: str) -> None:
        validate_url(url)


class RelayForm(PasswordForm):
    class Meta:
        model = Relay
        fields = ["url", "authentication", "preference", "weight"]
        help_texts = {
            "preference": gettext_lazy("0 shares with the route's own server; a higher one stands in for lower ones.")
        }

    def check_url(self, url: str) -> None:
        validate_relay_url(url)


class RelayFormSet(forms.BaseInlineFormSet[Relay, Route, forms.ModelForm[Relay]]):
    def clean(self) -> None:
        super().clean()
        filled = [form for form in self.forms if form.instance.pk or form.has_changed()]
        if is_direct(self.instance) and any(not form.cleaned_data.get("DELETE") for form in filled):
            raise ValidationError(_("The direct way has no additional servers."))


class RelayInline(admin.TabularInline[Relay, Route]):
    model = Relay
    form = RelayForm
    formset = RelayFormSet
    fields = ["url", "authentication", "password", "forget_password", "preference", "weight"]
    extra = 0


@admin.register(Route)
class RouteAdmin(ServiceActionsMixin, admin.ModelAdmin[Route]):
    form = RouteForm
    inlines = [RelayInline]
    list_display = ["label", "channel", "url", "is_default", "paused", "paused_until"]
    list_filter = ["channel", "paused"]
    readonly_fields = ["paused", "paused_until", "pause_reason"]
    fieldsets = [
        (None, {"fields": ["label", "internal_name", "channel", "is_default"]}),
        (
            gettext_lazy("Server"),
            {"fields": ["url", "authentication", "password", "forget_password", "weight"]},
        ),
        (gettext_lazy("Connections"), {"fields": ["max_connections", "max_messages_per_connection"]}),
        (gettext_lazy("Log of the relay"), {"fields": ["relay_log", "relay_log_format"]}),
        (gettext_lazy("Pause"), {"fields": ["paused", "paused_until", "pause_reason"]}),
    ]

    @service_action(
        label=gettext_lazy("Test this route"),
        permission="deliveries.change_route",
        enabled=lambda route: route.channel in channels and channels.get(route.channel).routes_can_be_tried,
        why_disabled=lambda route: gettext_lazy("Only routes of e-mail can be tried."),
        icon="plug",
    )
    def test(self, request: HttpRequest, route: Route) -> HttpResponseBase:
        """Connect to each server without sending anything, and say what it found."""
        domain = getattr(request.user, "email", "").rpartition("@")[2]
        for report in check_route(route=route, domain=domain):
            level = messages.SUCCESS if report.works else messages.ERROR
            messages.add_message(request, level, f"{report.server}: {report.text}")
        return HttpResponseRedirect(self._back(route))

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


class AffinityForm(forms.ModelForm[Affinity]):
    class Meta:
        model = Affinity
        fields = ["name", "source_ipv4", "source_ipv6", "host_name"]

    def clean_host_name(self) -> str:
        return check_host_name(self.cleaned_data["host_name"])


@admin.register(Affinity)
class AffinityAdmin(admin.ModelAdmin[Affinity]):
    form = AffinityForm
    list_display = ["name", "source_ipv4", "source_ipv6", "host_name"]
    search_fields = ["name", "host_name"]
