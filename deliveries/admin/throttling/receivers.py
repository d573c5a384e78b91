"""Groups of receiving domains with their limits."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.figures import count
from deliveries.models import ReceiverGroup, SendingLimit

LIMITS = ["connections", "messages_per_connection", "messages_per_second", "messages_per_hour"]
_PATTERNS = {"rows": 6, "class": "mono", "spellcheck": "false"}


class ReceiverGroupForm(forms.ModelForm[ReceiverGroup]):
    class Meta:
        model = ReceiverGroup
        fields = ["label", "internal_name", "position", "domains", "mail_servers"]
        widgets = {"domains": forms.Textarea(attrs=_PATTERNS), "mail_servers": forms.Textarea(attrs=_PATTERNS)}
        help_texts = {
            "position": gettext_lazy("The lowest number counts where several groups hold the same domain."),
            "domains": gettext_lazy("One in a line; * stands for anything, ? for one character."),
            "mail_servers": gettext_lazy(
                "The host names of the mail servers, one in a line: *.google.com holds every domain hosted there. "
                "They are known on the direct way only."
            ),
        }


class SendingLimitInline(admin.TabularInline[SendingLimit, ReceiverGroup]):
    model = SendingLimit
    fields = ["route", "affinity", *LIMITS, "enabled"]
    extra = 1


@admin.register(ReceiverGroup)
class ReceiverGroupAdmin(admin.ModelAdmin[ReceiverGroup]):
    form = ReceiverGroupForm
    list_display = ["label", "first_domains", "limit", "position"]
    search_fields = ["label", "internal_name", "domains", "mail_servers"]
    inlines = [SendingLimitInline]
    ordering = ["position", "pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReceiverGroup]:
        return super().get_queryset(request).prefetch_related("limits")

    @admin.display(description=gettext_lazy("domains"))
    def first_domains(self, group: ReceiverGroup) -> str:
        patterns = [*group.domains.split(), *group.mail_servers.split()]
        return ", ".join(patterns[:3]) + ("…" if len(patterns) > 3 else "")

    @admin.display(description=gettext_lazy("limits"))
    def limit(self, group: ReceiverGroup) -> str:
        general = [line for line in group.limits.all() if line.route_id is None and line.affinity_id is None]
        return limit_in_words(general[0]) if general else ""


@admin.register(SendingLimit)
class SendingLimitAdmin(admin.ModelAdmin[SendingLimit]):
    list_display = ["whom", "route", "affinity", *LIMITS, "enabled"]
    list_display_links = ["whom"]
    list_filter = ["enabled", "route", "affinity"]
    list_select_related = ["group", "route", "affinity"]
    search_fields = ["group__label", "group__domains", "route__label", "affinity__name"]
    ordering = ["group__position", "pk"]
    fields = ["group", "route", "affinity", *LIMITS, "enabled"]

    @admin.display(description=gettext_lazy("receiver"), ordering="group__position")
    def whom(self, line: SendingLimit) -> str:
        return str(line.group) if line.group is not None else _("Every other domain")

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        texts = {
            "group": _("Empty: every domain without a group of its own, each by itself."),
            "route": _("Empty: the direct ways. A relay minds the providers by itself, unless a line names its route."),
            "affinity": _("Empty: every affinity."),
        }
        return super().get_form(request, *args, **{**kwargs, "help_texts": texts})


def limit_in_words(line: SendingLimit) -> str:
    """ "5 connections · 20 messages per connection · 10/s": what the line limits, nothing for what it does not."""
    said = []
    connections, messages = line.connections, line.messages_per_connection
    if connections:
        said.append(
            ngettext("%(number)s connection", "%(number)s connections", connections) % {"number": count(connections)}
        )
    if messages:
        text = ngettext("%(number)s message per connection", "%(number)s messages per connection", messages)
        said.append(text % {"number": count(messages)})
    if line.messages_per_second:
        said.append(_("%(number)s/s") % {"number": number_format(line.messages_per_second, use_l10n=True)})
    if line.messages_per_hour:
        said.append(_("%(number)s/h") % {"number": count(line.messages_per_hour)})
    return " · ".join(said) if line.enabled else _("not in force")
