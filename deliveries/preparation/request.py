"""Asking for an analysis: a row that says so; a worker does it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from common.errors import IllegalState, Invalid
from deliveries.models import Delivery, DeliveryKind, DeliveryState, Preparation, PreparationState, RequestedAction
from deliveries.models.delivery import ANALYSIS_STATES
from deliveries.models.preparation import PREPARATION_MOVES
from deliveries.preparation.void import UNCONFIRMED_STATES, WORKING_STATES, drop, lock_open
from operations.models import ActivityRun, Population


class NothingToPrepare(Invalid):
    """Saving asks for no analysis."""

    code = "nothing_to_prepare"


class UnableToPrepare(IllegalState):
    """The delivery is past its analysis, or in the middle of one."""


@transaction.atomic
def request_preparation(
    *,
    delivery: Delivery,
    action: str,
    now: datetime,
    population: Population | None = None,
    task: ActivityRun | None = None,
) -> Preparation:
    """Ask for an analysis, once for each task. Raises NothingToPrepare, UnableToPrepare.

    A new analysis replaces the unconfirmed one of the delivery; that of a continuous delivery is added to the others.
    """
    if action not in RequestedAction.values or action == RequestedAction.SAVE:
        raise NothingToPrepare(_("“%(action)s” asks for no analysis.") % {"action": action})
    earlier = lock_open(delivery)
    locked = Delivery.objects.select_for_update().get(pk=delivery.pk)
    asked = _asked_by(task)
    if asked is not None and asked.state != PreparationState.FAILED:
        return asked
    _refuse_unless_possible(locked, earlier)
    if asked is not None:
        return _ask_again(asked, locked, action, now)
    if locked.kind != DeliveryKind.CONTINUOUS:
        population = population or _latest_population(locked)
        for preparation in earlier:
            drop(preparation, now=now)
    preparation = _add(locked, action, now, population, task)
    lead(locked, action)
    delivery.refresh_from_db()
    return preparation


def _asked_by(task: ActivityRun | None) -> Preparation | None:
    if task is None:
        return None
    # A task whose analysis was taken back may ask for another.
    Preparation.objects.filter(task=task, state=PreparationState.CANCELLED).update(task=None)
    return Preparation.objects.select_for_update().filter(task=task).first()


def _refuse_unless_possible(delivery: Delivery, earlier: list[Preparation]) -> None:
    if delivery.stop_requested or delivery.state in (DeliveryState.STOPPED, DeliveryState.FAILED):
        raise UnableToPrepare(_("This delivery is over: it can't be prepared again."))
    if delivery.kind == DeliveryKind.CONTINUOUS:
        return
    if delivery.state not in UNCONFIRMED_STATES:
        raise UnableToPrepare(
            _("This delivery is “%(state)s”: it can't be prepared again.") % {"state": delivery.get_state_display()}
        )
    if any(preparation.state in WORKING_STATES for preparation in earlier):
        raise UnableToPrepare(_("An analysis of this delivery is under way: wait for its end or take it back."))


def _ask_again(preparation: Preparation, delivery: Delivery, action: str, now: datetime) -> Preparation:
    changes = {"requested_action": action, "requested_at": now, "ended_at": None, "error": "", "lease_until": None}
    PREPARATION_MOVES.move(preparation, to=PreparationState.REQUESTED, **changes)
    lead(delivery, action)
    return preparation


def _add(
    delivery: Delivery, action: str, now: datetime, population: Population | None, task: ActivityRun | None
) -> Preparation:
    last = Preparation.objects.filter(delivery=delivery).aggregate(last=Max("number"))["last"]
    return Preparation.objects.create(
        delivery=delivery,
        number=(last or 0) + 1,
        requested_action=action,
        population=population,
        task=task,
        workflow_run=task.run if task else delivery.workflow_run,
        requested_at=now,
    )


def _latest_population(delivery: Delivery) -> Population | None:
    """Prepared again by hand, a delivery of a workflow keeps the people that its run chose."""
    latest = Preparation.objects.filter(delivery=delivery, population__isnull=False).order_by("-number").first()
    return latest.population if latest else None


def lead(delivery: Delivery, action: str) -> None:
    """Let the delivery's state follow this analysis; a continuous delivery already under way keeps its own."""
    resting = [DeliveryState.EDITED, DeliveryState.PREPARATION_FAILED, DeliveryState.TARGET_READY]
    if delivery.kind != DeliveryKind.CONTINUOUS:
        resting.append(DeliveryState.READY)
    if delivery.state in resting and not _under_way(delivery):
        delivery.moves.move(delivery, to=DeliveryState.TARGET_PENDING, error="", requested_action=action)


def _under_way(delivery: Delivery) -> bool:
    """The first analysis of a continuous delivery is between two stages."""
    if delivery.kind != DeliveryKind.CONTINUOUS or delivery.state not in ANALYSIS_STATES:
        return False
    return Preparation.objects.filter(
        delivery=delivery, state__in=[PreparationState.TARGETED, PreparationState.CONTENT_FROZEN]
    ).exists()
