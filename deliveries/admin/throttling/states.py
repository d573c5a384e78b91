"""What receivers taught us: which are slowed down or paused, why, and the way back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import ServiceActionsMixin, service_action
from common.admin.dialogs import Dialog
from deliveries.models import GroupState, ReceiverGroup
from deliveries.mta.throttling.states import hold_receiver, resume_receiver, state_of

SHOWN = ["whom", "route", "affinity", "state", "share", "until", "reason", "measured_rate", "suspected"]


class GroupStateForm(forms.ModelForm[GroupState]):
    """A row that somebody adds is a receiver that they pause."""

    class Meta:
        model = GroupState
        fields = ["route", "receiver", "affinity", "reason"]
        help_texts = {
            "receiver": gettext_lazy("The internal name of a group, or a domain without a group."),
            "affinity": gettext_lazy("Empty: what is sent without an affinity."),
        }

    def clean_receiver(self) -> str:
        return str(self.cleaned_data["receiver"]).strip().lower()


def _pause_dialog(row: GroupState) -> Dialog:
    return Dialog(
        title=_("Pause “%(receiver)s”?") % {"receiver": row.receiver},
        lines=[
            _("Nothing more leaves for it, from any delivery on this route, until somebody resumes it."),
            _("Its messages stay pending; the other receivers get theirs."),
        ],
        button=_("Pause the receiver"),
        keep=_("Keep sending"),
        asks_reason=True,
    )


def _is_troubled(row: GroupState) -> bool:
    return state_of(row).matters(timezone.now())


@admin.register(GroupState)
class GroupStateAdmin(ServiceActionsMixin, admin.ModelAdmin[GroupState]):
    form = GroupStateForm
    list_display = ["whom", "state", "share", "until", "reason", "route", "affinity"]
    list_display_links = ["whom"]
    list_filter = ["route", "paused"]
    list_select_related = ["route"]
    search_fields = ["receiver", "reason"]
    ordering = ["-paused", F("paused_until").desc(nulls_last=True), "receiver"]

    def get_fields(self, request: HttpRequest, obj: GroupState | None = None) -> Any:
        return SHOWN if obj else GroupStateForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: GroupState | None = None) -> Any:
        return SHOWN if obj else []

    def get_queryset(self, request: HttpRequest) -> QuerySet[GroupState]:
        self._labels = dict(ReceiverGroup.objects.values_list("internal_name", "label"))
        return super().get_queryset(request)

    def save_model(self, request: HttpRequest, obj: GroupState, form: Any, change: bool) -> None:
        reason = obj.reason or _by(request)
        hold_receiver(obj.route_id, obj.affinity, obj.receiver, reason=reason)
        obj.pk = GroupState.objects.get(route=obj.route_id, affinity=obj.affinity, receiver=obj.receiver).pk

    @admin.display(description=gettext_lazy("receiver"), ordering="receiver")
    def whom(self, row: GroupState) -> str:
        return self._labels.get(row.receiver, row.receiver)

    @admin.display(description=gettext_lazy("state"))
    def state(self, row: GroupState) -> SafeString:
        tone, word = _look(row)
        return format_html('<span class="badge t-{}">{}</span>', tone, word)

    @admin.display(description=gettext_lazy("share of the rate"))
    def share(self, row: GroupState) -> str:
        return _("%(share)d %%") % {"share": round(100 * state_of(row).factor_at(timezone.now()))}

    @admin.display(description=gettext_lazy("paused until"), ordering="paused_until")
    def until(self, row: GroupState) -> Any:
        if row.paused:
            return _("somebody resumes it")
        return row.paused_until if state_of(row).is_paused(timezone.now()) else None

    @service_action(
        label=gettext_lazy("Resume the receiver"),
        permission="deliveries.change_groupstate",
        enabled=_is_troubled,
        why_disabled=lambda row: gettext_lazy("It is neither paused nor slowed down."),
        icon="play",
        primary=_is_troubled,
    )
    def resume(self, request: HttpRequest, row: GroupState) -> str:
        resume_receiver(row, now=timezone.now())
        return _("It gets its messages again, at its full rate.")

    @service_action(
        label=gettext_lazy("Pause the receiver…"),
        permission="deliveries.change_groupstate",
        enabled=lambda row: not row.paused,
        why_disabled=lambda row: gettext_lazy("It is paused."),
        dialog=_pause_dialog,
        icon="pause",
    )
    def pause(self, request: HttpRequest, row: GroupState) -> str:
        reason = request.POST.get("reason", "").strip() or _by(request)
        hold_receiver(row.route_id, row.affinity, row.receiver, reason=reason)
        return _("Nothing more leaves for this receiver.")


def _by(request: HttpRequest) -> str:
    return _("Paused by %(user)s.") % {"user": request.user}


def _look(row: GroupState) -> tuple[str, str]:
    now = timezone.now()
    state = state_of(row)
    if state.is_paused(now):
        return "bad", _("Paused")
    if state.factor_at(now) < 1:
        return "warn", _("Slowed down")
    if state.suspected:
        return "warn", _("Under suspicion")
    return "ok", _("In order")
