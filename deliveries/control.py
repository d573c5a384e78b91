"""What a person does to a delivery on its way: pause, resume, stop. Each is one conditional update, then a settling."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from time import monotonic, sleep

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import IllegalState, Invalid, Refused
from common.states import StateMachine
from deliveries.cancellation import AT_ONCE
from deliveries.lifecycle import settle_delivery, start_due_deliveries
from deliveries.models import (
    CONTINUOUS_MOVES,
    DELIVERY_MOVES,
    Delivery,
    DeliveryKind,
    DeliveryPart,
    DeliveryState,
    PartState,
)
from deliveries.models.delivery import FINAL_STATES
from deliveries.mta.doorbell import ring
from installation.models import Process
from installation.processes import alive
from operations import services
from operations.models import WorkflowState

OCCURRENCE = "occurrence"
SERIES = "series"
SCOPES = (OCCURRENCE, SERIES)
PAUSABLE = [DeliveryState.START_PENDING, DeliveryState.IN_PROGRESS, DeliveryState.RETRY_PENDING]
# Seconds for which somebody who stops many deliveries at once waits for what the sweep would do.
PATIENCE = 1.0
# Seconds for which the answer waits for senders to give back what they hold.
GIVING_BACK_SECONDS = 1.0
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
    ring()
    _let_senders_give_back([delivery.pk])
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

    Rows that no sender holds are cancelled at once, or by the next sweep if they are many; until then, and until
    the held parts are given back, the state stays and `stop_requested` is true.
    Raises UnableToStop, NotASeries, UnknownScope.
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
    ring()
    _let_senders_give_back([delivery.pk])
    if delivery.pending <= AT_ONCE:
        settle_delivery(delivery.pk, now=now)


def stop_all(rows: QuerySet[Delivery], *, now: datetime) -> int:
    """Ask all of these to stop in a few statements; return how many were asked.

    They are settled one by one, each in its own transactions, for as long as somebody may be kept waiting; the sweep
    goes on with the others.
    """
    waiting = dict(rows.order_by("pk").values_list("pk", "pending"))
    asked = sum(_ask(alike, moves) for alike, moves in _by_moves(rows))
    ring()
    _let_senders_give_back(waiting)
    until = monotonic() + PATIENCE
    for number in [number for number, pending in waiting.items() if pending <= AT_ONCE]:
        if monotonic() > until:
            break
        settle_delivery(number, now=now)
    return asked


def sent_right_now(deliveries: Collection[int]) -> bool:
    """Whether a living sender holds messages of one of these."""
    senders = alive(timezone.now(), Process.Kind.MTA).values_list("uid", flat=True)
    held = DeliveryPart.objects.filter(delivery__in=list(deliveries), state=PartState.CLAIMED)
    return held.filter(claimed_by__in=list(senders)).exists()


def _let_senders_give_back(deliveries: Collection[int]) -> None:
    """Wait a moment for what is on its way: then the answer counts all that left, and nothing leaves after it."""
    if connection.in_atomic_block:
        # They hear of it when it is committed.
        return
    until = monotonic() + GIVING_BACK_SECONDS
    while sent_right_now(deliveries) and monotonic() < until:
        sleep(0.05)


def _by_moves(rows: QuerySet[Delivery]) -> list[tuple[QuerySet[Delivery], StateMachine]]:
    continuous = Q(kind=DeliveryKind.CONTINUOUS)
    return [(rows.filter(continuous), CONTINUOUS_MOVES), (rows.exclude(continuous), DELIVERY_MOVES)]


def _ask(rows: QuerySet[Delivery], moves: StateMachine) -> int:
    stoppable = rows.filter(state__in=moves.sources(DeliveryState.STOPPED), stop_requested=False)
    return stoppable.update(stop_requested=True)


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
