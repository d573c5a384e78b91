"""The page of a delivery: its account, why it waits, what its analyses said, and the buttons that act on it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import NoCountPaginator, ServiceActionsMixin, service_action
from common.doorbell import ring
from common.errors import Refused
from deliveries import control, tasks
from deliveries.admin.filters import KindFilter, StateFilter
from deliveries.admin.preview import preview_page
from deliveries.admin.proofs import proof_allowed, proof_button
from deliveries.admin.summary import delivery_summary
from deliveries.confirmation import confirm
from deliveries.creation import create_delivery
from deliveries.editing import FREE_FIELDS, InvalidTarget, check_target, edit_delivery
from deliveries.models import Delivery, DeliveryKind, DeliveryState, RequestedAction
from deliveries.models.delivery import FINAL_STATES
from deliveries.preparation.request import request_preparation
from deliveries.preparation.void import UNCONFIRMED_STATES, void_analysis
from deliveries.proofs import refusal

NOT_IN_THIS_STATE = gettext_lazy("Not possible in this state.")
_EDITABLE = (DeliveryState.EDITED, DeliveryState.PREPARATION_FAILED)


class DeliveryForm(forms.ModelForm[Delivery]):
    class Meta:
        model = Delivery
        fields = ["label"]

    def clean_target(self) -> Any:
        target = self.cleaned_data["target"]
        if target is not None:
            try:
                check_target(target)
            except InvalidTarget as error:
                raise ValidationError(str(error)) from error
        return target


def _stop_label(delivery: Delivery) -> str:
    return _("Stop this occurrence") if delivery.kind == DeliveryKind.RECURRING else _("Stop this delivery")


def _stop_consequence(delivery: Delivery) -> str:
    left = _("What has left can't be called back; the messages that wait are cancelled.")
    return " ".join(part for part in (left, control.stop_consequence(delivery)) if part)


@admin.register(Delivery)
class DeliveryAdmin(ServiceActionsMixin, admin.ModelAdmin[Delivery]):
    form = DeliveryForm
    change_form_template = "admin/deliveries/delivery/change_form.html"
    paginator = NoCountPaginator
    show_full_result_count = False
    list_display = ["label", "kind", "state", "operation", "contact_date", "targeted", "sent", "pending", "failed"]
    list_filter = [StateFilter, KindFilter, "channel"]
    list_select_related = ["operation"]
    search_fields = ["label"]
    ordering = ["-pk"]
    actions = None
    raw_id_fields = ["operation", "template"]
    facts = ["kind", "state", "template", "operation", "workflow_run", "series", "occurrence", "proof_of"]

    def get_fieldsets(self, request: HttpRequest, obj: Delivery | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["label", "template", "operation", "target"]})]
        sending = [*Delivery.SENDING_FIELDS, "contact_date"]
        return [
            (None, {"fields": ["label", *self.facts, "target"]}),
            (_("Content"), {"fields": list(Delivery.CONTENT_FIELDS)}),
            (_("Sending"), {"fields": sending}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Delivery | None = None) -> list[str]:
        if obj is None:
            return []
        # Content is read-only from the analysis on: taking the analysis back is a button, not a side effect.
        fixed = [] if obj.state in _EDITABLE else ["label", *Delivery.CONTENT_FIELDS, *Delivery.SENDING_FIELDS]
        own_target = obj.kind == DeliveryKind.ONE_OFF and obj.activity_id is None and obj.state in _EDITABLE
        free = set() if obj.state in FINAL_STATES else FREE_FIELDS
        over = ["contact_date"] if obj.state not in UNCONFIRMED_STATES else []
        names = [name for name in fixed if name not in free]
        return [*names, *self.facts, *over, *([] if own_target else ["target"])]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.preview)
        return [path("<int:pk>/preview/", view, name="deliveries_delivery_preview"), *super().get_urls()]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        return preview_page(request, get_object_or_404(Delivery, pk=pk))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.path)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        delivery = Delivery.objects.filter(pk=object_id).first() if object_id.isdigit() else None
        summary = {} if delivery is None else delivery_summary(request, delivery, timezone.now())
        return super().change_view(request, object_id, form_url, {**summary, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Delivery, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        if change:
            edit_delivery(Delivery.objects.get(pk=obj.pk), values, now=timezone.now())
        elif obj.template is None:
            obj.save()
        else:
            made = create_delivery(
                template=obj.template,
                now=timezone.now(),
                label=obj.label,
                operation=obj.operation,
                target=obj.target,
            )
            obj.pk = made.pk

    @service_action(
        label=gettext_lazy("Prepare"),
        permission="deliveries.prepare_delivery",
        enabled=lambda row: row.state in UNCONFIRMED_STATES,
        why_disabled=lambda row: NOT_IN_THIS_STATE,
    )
    def prepare(self, request: HttpRequest, delivery: Delivery) -> str:
        request_preparation(delivery=delivery, action=RequestedAction.PREPARE, now=timezone.now())
        ring(tasks.prepare)
        return _("The analysis has been asked for.")

    @service_action(
        label=gettext_lazy("Take the analysis back"),
        permission="deliveries.prepare_delivery",
        enabled=lambda row: row.state in UNCONFIRMED_STATES and row.state != DeliveryState.EDITED,
        why_disabled=lambda row: NOT_IN_THIS_STATE,
    )
    def take_back(self, request: HttpRequest, delivery: Delivery) -> str:
        void_analysis(delivery=delivery, now=timezone.now())
        return _("The analysis is void: the delivery can be edited again.")

    @service_action(
        label=gettext_lazy("Confirm"),
        permission="deliveries.start_delivery",
        enabled=lambda row: row.state == DeliveryState.READY or row.kind == DeliveryKind.CONTINUOUS,
        why_disabled=lambda row: gettext_lazy("Only a prepared delivery can be confirmed."),
    )
    def confirm(self, request: HttpRequest, delivery: Delivery) -> str:
        confirm(delivery=delivery, now=timezone.now())
        ring(tasks.sweep)
        return _("The delivery is confirmed.")

    @service_action(
        label=gettext_lazy("Pause"),
        permission="deliveries.start_delivery",
        enabled=lambda row: row.state in control.PAUSABLE,
        why_disabled=lambda row: NOT_IN_THIS_STATE,
    )
    def pause(self, request: HttpRequest, delivery: Delivery) -> str:
        paused = control.pause(delivery, now=timezone.now())
        ring(tasks.sweep)
        return _("%(state)s: no other message leaves.") % {"state": paused.get_state_display()}

    @service_action(
        label=gettext_lazy("Resume"),
        permission="deliveries.start_delivery",
        enabled=lambda row: row.state in control.RESUMABLE,
        why_disabled=lambda row: gettext_lazy("It is not paused."),
    )
    def resume(self, request: HttpRequest, delivery: Delivery) -> str:
        control.resume(delivery, now=timezone.now())
        ring(tasks.sweep)
        return _("The delivery goes on.")

    @service_action(
        label=_stop_label,
        permission="deliveries.start_delivery",
        enabled=lambda row: row.state in row.moves.sources(DeliveryState.STOPPED),
        why_disabled=lambda row: gettext_lazy("It is over."),
        confirm=_stop_consequence,
    )
    def stop(self, request: HttpRequest, delivery: Delivery) -> str:
        stopped = control.stop(delivery, now=timezone.now())
        ring(tasks.sweep)
        return " ".join(part for part in (_("The delivery is stopped."), control.stop_consequence(stopped)) if part)

    @service_action(
        label=gettext_lazy("Stop the series"),
        permission="deliveries.start_delivery",
        enabled=lambda row: row.kind == DeliveryKind.RECURRING,
        why_disabled=lambda row: gettext_lazy("Only a recurring delivery belongs to a series."),
        confirm=gettext_lazy(
            "This occurrence ends, the workflow stops and no further occurrence is made. "
            "What has left can't be called back."
        ),
    )
    def stop_series(self, request: HttpRequest, delivery: Delivery) -> str:
        control.stop(delivery, now=timezone.now(), scope=control.SERIES)
        ring(tasks.sweep)
        return _("The series is stopped: this occurrence and the workflow that makes the next ones.")

    @service_action(
        label=gettext_lazy("Send a proof"),
        permission="deliveries.proof_delivery",
        enabled=proof_allowed,
        why_disabled=refusal,
    )
    def proof(self, request: HttpRequest, delivery: Delivery) -> Any:
        return proof_button(request, delivery, self.admin_site.each_context(request))
