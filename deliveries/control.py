"""What a person does to a delivery on its way: pause, resume, stop. Each is one conditional update, then a settling."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from common.errors import IllegalState, Invalid, Refused
from deliveries.lifecycle import settle_delivery, start_due_deliveries
from deliveries.models import Delivery, DeliveryKind, DeliveryState
from deliveries.models.delivery import FINAL_STATES
from operations import services
from operations.models import WorkflowState

OCCURRENCE = "occurrence"
SERIES = "series"
SCOPES = (OCCURRENCE, SERIES)
PAUSABLE = [DeliveryState.START_PENDING, DeliveryState.IN_PROGRESS, DeliveryState.RETRY_PENDING]
RESUMABLE = [DeliveryState.PAUSING, DeliveryState.PAUSED]


class UnableToPause(IllegalState):
    """Only a delivery that is about to be sent, or is being sent, can be paused."""


class UnableToResume(IllegalState):
    """Only a paused delivery can be resumed."""


class UnableToStop(IllegalState):
    """The delivery is over already."""


class NotASeries(Refused):
    """Only an occurrence of a recurring delivery has a series to stop."""

    code = "not_a_series"


class UnknownScope(Invalid):
    """A stop has the scope “occurrence” or “series”."""


def pause(delivery: Delivery, *, now: datetime) -> Delivery:
    """Ask for a pause: no message leaves after the one at hand. Raises UnableToPause."""
    rows = Delivery.objects.filter(pk=delivery.pk, state__in=PAUSABLE, stop_requested=False)
    if not delivery.moves.move_all(rows, to=DeliveryState.PAUSING):
        raise UnableToPause(_("This delivery can't be paused: %(state)s.") % {"state": _state_of(delivery)})
    settle_delivery(delivery.pk, now=now)
    return _refreshed(delivery)


def resume(delivery: Delivery, *, now: datetime) -> Delivery:
    """Send the rest: start pending again, and started at once if its turn has come. Raises UnableToResume."""
    rows = Delivery.objects.filter(pk=delivery.pk, state__in=RESUMABLE, stop_requested=False)
    if not delivery.moves.move_all(rows, to=DeliveryState.START_PENDING):
        raise UnableToResume(_("This delivery can't be resumed: %(state)s.") % {"state": _state_of(delivery)})
    start_due_deliveries(now)
    return _refreshed(delivery)


def stop(delivery: Delivery, *, now: datetime, scope: str = OCCURRENCE) -> Delivery:
    """Stop the delivery for good, or with scope "series" also what makes the next ones.

    Rows that no sender holds are cancelled at once; until the held parts are given back the state stays and
    `stop_requested` is true. Raises UnableToStop, NotASeries, UnknownScope.
    """
    if scope not in SCOPES:
        raise UnknownScope(_("The scope is “occurrence” or “series”, not “%(scope)s”.") % {"scope": scope})
    if scope == SERIES:
        return _stop_series(delivery, now)
    _stop_one(delivery, now)
    return _refreshed(delivery)


def _stop_one(delivery: Delivery, now: datetime) -> None:
    stoppable = Delivery.objects.filter(pk=delivery.pk, state__in=delivery.moves.sources(DeliveryState.STOPPED))
    if not stoppable.filter(stop_requested=False).update(stop_requested=True) and not stoppable.exists():
        raise UnableToStop(_("This delivery can't be stopped: %(state)s.") % {"state": _state_of(delivery)})
    settle_delivery(delivery.pk, now=now)


def _stop_series(delivery: Delivery, now: datetime) -> Delivery:
    if delivery.kind != DeliveryKind.RECURRING or delivery.series is None:
        raise NotASeries(
            _("Only a recurring delivery belongs to a series; this one is stopped with the scope “occurrence”.")
        )
    workflow = delivery.series.activity.workflow
    running = workflow.state in (WorkflowState.STARTED, WorkflowState.PAUSED)
    if not running and delivery.state in FINAL_STATES:
        raise UnableToStop(_("This series is over: its workflow is not running and this occurrence is over."))
    if running:
        services.stop_workflow(workflow=workflow, now=now)
    if _refreshed(delivery).state not in FINAL_STATES:
        _stop_one(delivery, now)
    return _refreshed(delivery)


def stop_consequence(delivery: Delivery) -> str:
    """What stopping this delivery alone means for the ones that follow; empty when nothing follows."""
    if delivery.kind == DeliveryKind.RECURRING:
        return _(
            "Only this occurrence stops: the next run of the workflow creates the next one. "
            "To end the series, stop the series (or its workflow, or cancel the operation)."
        )
    if delivery.kind == DeliveryKind.CONTINUOUS:
        return _(
            "The continuous delivery ends: later runs of its workflow fail with a message that says so. "
            "Stop the workflow too if nothing more is to be sent."
        )
    return ""


def _state_of(delivery: Delivery) -> str:
    current = _refreshed(delivery)
    if current.stop_requested:
        return _("its stop has been requested")
    return _("its state is “%(state)s”") % {"state": current.get_state_display()}


def _refreshed(delivery: Delivery) -> Delivery:
    delivery.refresh_from_db()
    return delivery
