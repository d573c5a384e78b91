"""Inbound sources, the mails that came through them, and the page that takes back what an outage did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.admin import OneOrderMixin, ReadOnlyAdmin, ServiceActionsMixin, service_action
from common.errors import Refused
from common.figures import count
from deliveries.inbound.set_aside import path_of
from deliveries.inbound.sources.address import InvalidAddress, set_password, validate_address
from deliveries.inbound.sources.base import mail_sources
from deliveries.inbound.undo import InvalidOutage, Outage, preview, undo_outage
from deliveries.inbound.visits import check_source, visit
from deliveries.inbound.webhooks import check_provider, webhook_url
from deliveries.models.inbound import InboundMail, InboundSource

UNDO_PERMISSION = "recipients.change_quarantine"
# A page that is waited for: the rest is read by the next visit of a worker.
SECONDS_OF_A_READING = 15.0


class InboundSourceForm(forms.ModelForm[InboundSource]):
    password = forms.CharField(
        label=gettext_lazy("Password, token or signing key"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Kept encrypted and never shown; leave it empty to keep the one there is."),
    )
    forget_password = forms.BooleanField(label=gettext_lazy("Forget the password"), required=False)

    class Meta:
        model = InboundSource
        fields = ["label", "kind", "url", "authentication", "domain", "enabled"]
        help_texts = {
            "url": gettext_lazy(
                "IMAP: imaps://user@host/INBOX · POP3: pop3s://user@host · Maildir: maildir:/whole/path · listener: "
                "lmtp://127.0.0.1:8024 or smtp://… · webhook: the provider, such as mailgun. With ?keep=1 mails are "
                "marked as read instead of deleted."
            ),
            "domain": gettext_lazy("Where return and unsubscription addresses are; a listener takes mail for it only."),
            "authentication": gettext_lazy("With a token (XOAUTH2) the password is the access token."),
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "kind" in values and "url" in values:
            check = check_provider if values["kind"] == InboundSource.Kind.WEBHOOK else None
            try:
                check(values["url"]) if check else validate_address(values["kind"], values["url"])
            except (InvalidAddress, Refused) as error:
                self.add_error("url", ValidationError(str(error)))
        return values


@admin.register(InboundSource)
class InboundSourceAdmin(ServiceActionsMixin, admin.ModelAdmin[InboundSource]):
    form = InboundSourceForm
    list_display = ["label", "kind", "url", "enabled", "last_read_at", "last_error"]
    list_filter = ["kind", "enabled"]
    search_fields = ["label", "url"]
    readonly_fields = ["address_for_provider", "last_read_at", "last_error"]
    fields = [
        *("label", "kind", "url", "authentication", "password", "forget_password", "domain", "enabled"),
        *("address_for_provider", "last_read_at", "last_error"),
    ]

    @admin.display(description=gettext_lazy("address to give to the provider"))
    def address_for_provider(self, row: InboundSource) -> str:
        is_webhook = row.pk is not None and row.kind == InboundSource.Kind.WEBHOOK
        return webhook_url(row) if is_webhook else "–"

    def save_model(self, request: HttpRequest, obj: InboundSource, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.cleaned_data["password"] or form.cleaned_data["forget_password"]:
            set_password(obj, "" if form.cleaned_data["forget_password"] else form.cleaned_data["password"])

    @service_action(
        label=gettext_lazy("Test"),
        icon="plug",
        permission="deliveries.change_inboundsource",
        shown=lambda source: source.kind in mail_sources,
    )
    def test(self, request: HttpRequest, source: InboundSource) -> str:
        check_source(source)
        return _("“%(source)s” answers.") % {"source": source}

    @service_action(
        label=gettext_lazy("Read now"),
        icon="download",
        permission="deliveries.change_inboundsource",
        shown=lambda source: source.kind in mail_sources,
    )
    def read_now(self, request: HttpRequest, source: InboundSource) -> str:
        drained = visit([source], clock=timezone.now, seconds=SECONDS_OF_A_READING).get(source.pk)
        if drained is None:
            raise Refused(_("Somebody is reading this source already."))
        if drained.error:
            raise Refused(drained.error)
        text = ngettext("%(number)s mail was read.", "%(number)s mails were read.", drained.mails)
        return text % {"number": count(drained.mails)}


class OutageForm(forms.Form):
    since = forms.SplitDateTimeField(label=gettext_lazy("From"), widget=AdminSplitDateTime)
    until = forms.SplitDateTimeField(label=gettext_lazy("Until"), widget=AdminSplitDateTime)
    domain = forms.CharField(
        label=gettext_lazy("Domain"), required=False, help_text=gettext_lazy("The part of the addresses after the @.")
    )
    text = forms.CharField(
        label=gettext_lazy("Words of the answer"),
        required=False,
        help_text=gettext_lazy("As they stand in the error text, such as “user unknown”."),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors:
            try:
                values["outage"] = Outage(values["since"], values["until"], values["domain"], values["text"])
            except InvalidOutage as error:
                for name, texts in error.fields.items():
                    self.add_error(name, list(texts))
        return values


@admin.register(InboundMail)
class InboundMailAdmin(OneOrderMixin, ReadOnlyAdmin):
    list_display = ["received_at", "kind", "outcome", "address", "failure_reason", "status", "short_detail", "source"]
    list_filter = ["kind", "outcome", "failure_type", "source", "received_at"]
    list_select_related = ["source"]
    search_fields = ["^address"]
    search_help_text = gettext_lazy("The beginning of an address.")
    ordering = ["-pk"]
    actions = None
    fields = [
        *("received_at", "source", "kind", "outcome", "address", "delivery_id", "broadlog_id", "failure_type"),
        *("failure_reason", "status", "rule", "detail", "former_state", "file"),
    ]
    readonly_fields = ["former_state", "file"]

    @admin.display(description=gettext_lazy("diagnostic text"))
    def short_detail(self, row: InboundMail) -> str:
        return row.detail if len(row.detail) <= 80 else f"{row.detail[:79]}…"

    @admin.display(description=gettext_lazy("state of the address before"))
    def former_state(self, row: InboundMail) -> str:
        if row.quarantine_before is None:
            return "–"
        from recipients.models import Quarantine

        state = row.quarantine_before["state"]
        return str(Quarantine.Status(state["status"]).label) if state else _("Not known")

    @admin.display(description=gettext_lazy("file"))
    def file(self, row: InboundMail) -> str:
        return str(path_of(row.key)) if row.outcome == InboundMail.Outcome.SET_ASIDE else "–"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.undo)
        return [path("undo/", view, name="deliveries_inboundmail_undo"), *super().get_urls()]

    def undo(self, request: HttpRequest) -> HttpResponse:
        """Ask for the outage, show what it did, and take that back when somebody confirms."""
        if not request.user.has_perm(UNDO_PERMISSION):
            raise PermissionDenied
        form = OutageForm(request.POST or None, initial=_last_hours(timezone.now()))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Take back a provider's outage"),
            "form": form,
            "media": form.media,
        }
        if form.is_valid():
            outage = form.cleaned_data["outage"]
            if "confirm" in request.POST:
                found = undo_outage(outage, now=timezone.now())
                messages.success(
                    request,
                    _("%(addresses)s addresses have the state they had before; %(mails)s mails are undone.")
                    % {"addresses": count(found.addresses), "mails": count(found.mails)},
                )
                return redirect("admin:recipients_quarantine_changelist")
            context["found"] = preview(outage)
        return render(request, "admin/deliveries/inboundmail/undo.html", context)


def _last_hours(now: datetime) -> dict[str, datetime]:
    return {"since": now.replace(hour=0, minute=0, second=0, microsecond=0), "until": now}
