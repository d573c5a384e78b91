"""DKIM keys: made, published by whoever keeps the DNS, put to work. The private key is never shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import ServiceActionsMixin, service_action
from deliveries.models import SigningKey
from deliveries.signing_keys import activate, clean_domain, create_key, deactivate, record_name, zone_line


class SigningKeyForm(forms.ModelForm[SigningKey]):
    """What one chooses when a key is made; afterwards nothing of it changes."""

    # `algorithm` itself is no field of forms: it never changes.
    chosen_algorithm = forms.ChoiceField(
        label=gettext_lazy("Algorithm"),
        choices=SigningKey.Algorithm.choices,
        help_text=gettext_lazy("Every receiver verifies RSA. Ed25519 may sign beside it, never alone."),
    )

    class Meta:
        model = SigningKey
        fields = ("domain", "selector")
        help_texts = {"domain": gettext_lazy("That of the sender addresses, or a parent of it.")}

    def clean_domain(self) -> str:
        return clean_domain(str(self.cleaned_data["domain"]))


@admin.register(SigningKey)
class SigningKeyAdmin(ServiceActionsMixin, admin.ModelAdmin[SigningKey]):
    form = SigningKeyForm
    list_display = ("domain", "selector", "algorithm", "active", "created_at")
    list_filter = ("active", "algorithm")
    search_fields = ("domain", "selector")
    ordering = ("domain", "-created_at")

    def get_fields(self, request: HttpRequest, obj: SigningKey | None = None) -> list[Any]:
        if obj is None:
            return ["domain", "selector", "chosen_algorithm"]
        return ["domain", "selector", "algorithm", "active", "created_at", "dns_name", "dns_record"]

    def get_readonly_fields(self, request: HttpRequest, obj: SigningKey | None = None) -> list[Any]:
        return [] if obj is None else self.get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: SigningKey, form: Any, change: bool) -> None:
        if change:
            return
        made = create_key(
            domain=obj.domain,
            selector=obj.selector,
            algorithm=form.cleaned_data["chosen_algorithm"],
            now=timezone.now(),
        )
        # The page goes on with the row that the service made.
        obj.__dict__.update(made.__dict__)

    @admin.display(description=gettext_lazy("name of the DNS record (TXT)"))
    def dns_name(self, key: SigningKey) -> str:
        return record_name(key)

    @admin.display(description=gettext_lazy("DNS record to publish"))
    def dns_record(self, key: SigningKey) -> SafeString:
        return format_html('<textarea readonly rows="6" cols="90">{}</textarea>', zone_line(key))

    @service_action(
        label=gettext_lazy("Sign with this key"),
        permission="deliveries.change_signingkey",
        confirm=gettext_lazy("Publish its DNS record first: receivers refuse a signature whose key they do not find."),
        enabled=lambda key: not key.active,
        why_disabled=lambda key: gettext_lazy("It signs."),
    )
    def activate(self, request: HttpRequest, key: SigningKey) -> str:
        activate(key)
        return _("Messages of %(domain)s are signed with %(key)s.") % {"domain": key.domain, "key": key}

    @service_action(
        label=gettext_lazy("Sign with it no longer"),
        permission="deliveries.change_signingkey",
        enabled=lambda key: key.active,
        why_disabled=lambda key: gettext_lazy("It does not sign."),
    )
    def deactivate(self, request: HttpRequest, key: SigningKey) -> str:
        deactivate(key)
        return _("%(key)s signs no longer.") % {"key": key}
