"""The buttons of a delivery's page, by its state; each calls one service."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import ServiceActionsMixin, service_action
from common.doorbell import ring
from common.figures import count
from deliveries import control, settlement, tasks
from deliveries.admin.dialogs import settle_dialog, settled_sentence, stop_dialog, what_left
from deliveries.admin.proofs import proof_allowed, proof_button
from deliveries.confirmation import confirm
from deliveries.editing import edit_delivery
from deliveries.export import broadlog_lines
from deliveries.models import Affinity, Delivery, DeliveryKind, DeliveryState, PreparationState, RequestedAction
from deliveries.models.delivery import ANALYSIS_STATES, FINAL_STATES
from deliveries.preparation.request import request_preparation
from deliveries.preparation.void import UNCONFIRMED_STATES, void_analysis
from deliveries.proofs import refusal
from deliveries.recompute import recompute

NOT_IN_THIS_STATE = gettext_lazy("Not possible in this state.")
_UNPREPARED = (DeliveryState.EDITED, DeliveryState.PREPARATION_FAILED)


def _prepare_label(delivery: Delivery) -> str:
    if delivery.state == DeliveryState.PREPARATION_FAILED:
        return _("Restart the preparation")
    return _("Prepare") if delivery.state == DeliveryState.EDITED else _("Prepare again")


def _may_prepare(delivery: Delivery) -> bool:
    return delivery.state in UNCONFIRMED_STATES and not delivery.stop_requested


def _waits_for_confirmation(delivery: Delivery) -> bool:
    if delivery.state == DeliveryState.READY:
        return True
    return (
        delivery.kind == DeliveryKind.CONTINUOUS and delivery.preparations.filter(state=PreparationState.READY).exists()
    )


def _may_stop(delivery: Delivery) -> bool:
    return delivery.state in delivery.moves.sources(DeliveryState.STOPPED) and not delivery.stop_requested


def _is_over(delivery: Delivery) -> bool:
    return delivery.state in FINAL_STATES


def _stop_label(delivery: Delivery) -> str:
    return _("Stop…")


class DeliveryActions(ServiceActionsMixin):
    """In the order of a delivery's life; those that its state does not allow are absent."""

    @service_action(
        label=_prepare_label,
        permission="deliveries.prepare_delivery",
        enabled=_may_prepare,
        why_disabled=lambda row: NOT_IN_THIS_STATE,
        shown=lambda row: _may_prepare(row) and row.state in (*_UNPREPARED, DeliveryState.TARGET_READY),
        primary=lambda row: row.state in _UNPREPARED,
        icon="list-checks",
    )
    def prepare(self, request: HttpRequest, delivery: Delivery) -> str:
        return _prepare(delivery)

    @service_action(
        label=gettext_lazy("Confirm and send"),
        permission="deliveries.start_delivery",
        enabled=lambda row: row.state == DeliveryState.READY or row.kind == DeliveryKind.CONTINUOUS,
        why_disabled=lambda row: gettext_lazy("Only a prepared delivery can be confirmed."),
        shown=_waits_for_confirmation,
        primary=lambda row: True,
        icon="send",
    )
    def confirm(self, request: HttpRequest, delivery: Delivery) -> str:
        confirm(delivery=delivery, now=timezone.now())
        ring(tasks.sweep)
        return _("The delivery is confirmed.")

    @service_action(
        label=gettext_lazy("Resume"),
        permission="deliveries.start_delivery",
        enabled=lambda row: row.state in control.RESUMABLE,
        why_disabled=lambda row: gettext_lazy("It is not paused."),
        shown=lambda row: row.state in control.RESUMABLE and not row.stop_requested,
        primary=lambda row: True,
        icon="play",
    )
    def resume(self, request: HttpRequest, delivery: Delivery) -> str:
        control.resume(delivery, now=timezone.now())
        ring(tasks.sweep)
        return _("The delivery goes on.")

    @service_action(
        label=gettext_lazy("Pause"),
        permission="deliveries.start_delivery",
        enabled=lambda row: row.state in control.PAUSABLE,
        why_disabled=lambda row: NOT_IN_THIS_STATE,
        shown=lambda row: row.state in control.PAUSABLE and not row.stop_requested,
        icon="pause",
    )
    def pause(self, request: HttpRequest, delivery: Delivery) -> str:
        paused = control.pause(delivery, now=timezone.now())
        ring(tasks.sweep)
        said = _("%(state)s: no other message leaves.") % {"state": paused.get_state_display()}
        return f"{said} {what_left(paused)}"

    @service_action(
        label=_stop_label,
        permission="deliveries.start_delivery",
        enabled=_may_stop,
        why_disabled=lambda row: gettext_lazy("It is over."),
        dialog=stop_dialog,
        shown=lambda row: _may_stop(row) and row.state not in (*_UNPREPARED, *ANALYSIS_STATES),
        icon="square",
        destructive=True,
    )
    def stop(self, request: HttpRequest, delivery: Delivery) -> str:
        if request.POST.get("choice") == control.SERIES:
            return _stop_series(delivery)
        stopped = control.stop(delivery, now=timezone.now())
        ring(tasks.sweep)
        said = (_("The delivery is stopped."), what_left(stopped), control.stop_consequence(stopped))
        return " ".join(part for part in said if part)

    @service_action(
        label=gettext_lazy("Stop the series"),
        permission="deliveries.start_delivery",
        enabled=lambda row: row.kind == DeliveryKind.RECURRING,
        why_disabled=lambda row: gettext_lazy("Only a recurring delivery belongs to a series."),
        confirm=gettext_lazy(
            "This occurrence ends, the workflow stops and no further occurrence is made. "
            "What has left can't be called back."
        ),
        # Elsewhere the dialog of the stop asks.
        shown=lambda row: row.kind == DeliveryKind.RECURRING and not _may_stop(row),
        in_menu=True,
        icon="square",
        destructive=True,
    )
    def stop_series(self, request: HttpRequest, delivery: Delivery) -> str:
        return _stop_series(delivery)

    @service_action(
        label=gettext_lazy("Send a proof"),
        permission="deliveries.proof_delivery",
        enabled=proof_allowed,
        why_disabled=refusal,
        shown=lambda row: row.kind != DeliveryKind.PROOF and not _is_over(row),
        icon="mail-check",
    )
    def proof(self, request: HttpRequest, delivery: Delivery) -> Any:
        return proof_button(request, delivery, self.admin_site.each_context(request))

    @service_action(
        label=gettext_lazy("Recompute"),
        permission="deliveries.prepare_delivery",
        enabled=_is_over,
        why_disabled=lambda row: NOT_IN_THIS_STATE,
        shown=_is_over,
        icon="refresh-cw",
    )
    def recompute(self, request: HttpRequest, delivery: Delivery) -> str:
        difference = recompute(delivery, now=timezone.now())
        if difference:
            return _("The figures are computed again from the rows; they were off by %(number)s.") % {
                "number": count(difference)
            }
        return _("The figures are computed again from the rows; they were right.")

    @service_action(
        label=gettext_lazy("Export CSV"),
        permission="deliveries.view_broadlog",
        shown=lambda row: _is_over(row) and row.targeted > 0,
        icon="download",
    )
    def export(self, request: HttpRequest, delivery: Delivery) -> StreamingHttpResponse:
        answer = StreamingHttpResponse(broadlog_lines(delivery), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="delivery-{delivery.pk}-log.csv"'
        return answer

    @service_action(
        label=gettext_lazy("Prepare again"),
        permission="deliveries.prepare_delivery",
        enabled=_may_prepare,
        why_disabled=lambda row: NOT_IN_THIS_STATE,
        shown=lambda row: row.state == DeliveryState.READY,
        in_menu=True,
        icon="list-checks",
    )
    def prepare_again(self, request: HttpRequest, delivery: Delivery) -> str:
        return _prepare(delivery)

    @service_action(
        label=gettext_lazy("Take the analysis back"),
        permission="deliveries.prepare_delivery",
        enabled=lambda row: row.state in UNCONFIRMED_STATES and row.state != DeliveryState.EDITED,
        why_disabled=lambda row: NOT_IN_THIS_STATE,
        shown=lambda row: row.state in UNCONFIRMED_STATES and row.state != DeliveryState.EDITED,
        in_menu=True,
        icon="undo-2",
    )
    def take_back(self, request: HttpRequest, delivery: Delivery) -> str:
        void_analysis(delivery=delivery, now=timezone.now())
        return _("The analysis is void: the delivery can be edited again.")

    @service_action(
        label=gettext_lazy("Settle what is in doubt"),
        permission="deliveries.start_delivery",
        enabled=lambda row: row.in_doubt > 0,
        why_disabled=lambda row: gettext_lazy("Nothing is in doubt."),
        dialog=settle_dialog,
        shown=lambda row: row.in_doubt > 0,
        in_menu=True,
        icon="circle-question-mark",
    )
    def settle(self, request: HttpRequest, delivery: Delivery) -> str:
        """All of them, or those whose numbers are posted as `broadlog`."""
        chosen = [int(number) for number in request.POST.getlist("broadlog") if number.isdigit()]
        decision = request.POST.get("choice", "")
        settled = settlement.settle_in_doubt(delivery, decision=decision, now=timezone.now(), broadlogs=chosen or None)
        ring(tasks.sweep)
        return settled_sentence(decision, settled)

    @service_action(
        label=gettext_lazy("Send through another affinity"),
        permission="deliveries.change_delivery",
        shown=lambda row: False,
    )
    def send_through(self, request: HttpRequest, delivery: Delivery) -> str:
        """From the card of a delivery whose affinity nobody serves; `affinity` is the number of another."""
        number = request.POST.get("affinity", "")
        affinity = Affinity.objects.filter(pk=number).first() if number.isdigit() else None
        if affinity is None:
            raise ValidationError(_("There is no such affinity."))
        edit_delivery(delivery, {"affinity": affinity}, now=timezone.now())
        ring(tasks.sweep)
        return _("The delivery is sent through “%(affinity)s”.") % {"affinity": affinity.name}


def _prepare(delivery: Delivery) -> str:
    request_preparation(delivery=delivery, action=RequestedAction.PREPARE, now=timezone.now())
    ring(tasks.prepare)
    return _("The analysis has been asked for.")


def _stop_series(delivery: Delivery) -> str:
    stopped = control.stop(delivery, now=timezone.now(), scope=control.SERIES)
    ring(tasks.sweep)
    said = _("The series is stopped: this occurrence and the workflow that makes the next ones.")
    return f"{said} {what_left(stopped)}"
