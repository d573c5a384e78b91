"""The causes of a delivery that does not move: one function each, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deliveries.diagnosis.situation import Situation, read_situation
from deliveries.diagnosis.throttles import Throttle
from deliveries.lifecycle import waits_its_turn
from deliveries.models import Delivery, DeliveryState, RequestedAction, Route
from deliveries.models.delivery import ANALYSIS_STATES
from installation.models import Process

STALLED_AFTER = timedelta(seconds=60)
_SENDING = (DeliveryState.IN_PROGRESS, DeliveryState.RETRY_PENDING)
_RECEIVERS_TOLD = 3


@dataclass(frozen=True)
class Cause:
    """One reason why the delivery waits: a stable code, what is the case, what to do, and until when if known."""

    code: str
    detail: str
    remedy: str
    until: datetime | None = None


def pending_causes(delivery: Delivery, now: datetime) -> list[Cause]:
    """Every cause for which this delivery waits, the first to be looked at first; empty if it does not wait."""
    return causes_of(delivery, read_situation([delivery], now))


def pending_reasons(deliveries: Sequence[Delivery], now: datetime) -> dict[int, str | None]:
    """The code of the first cause of each delivery, or None; the same number of queries for one or a hundred."""
    situation = read_situation(deliveries, now)
    firsts = ((delivery.pk, causes_of(delivery, situation)) for delivery in deliveries)
    return {pk: causes[0].code if causes else None for pk, causes in firsts}


def causes_of(delivery: Delivery, situation: Situation) -> list[Cause]:
    """The same, in a situation that was read with this delivery among others."""
    found = (find(delivery, situation) for find in FINDERS)
    return [cause for cause in found if cause is not None]


def scheduled(delivery: Delivery, situation: Situation) -> Cause | None:
    if not _is_scheduled(delivery, situation):
        return None
    return Cause(
        "scheduled",
        _("The contact date has not come yet."),
        _("Wait, or change the contact date of the delivery."),
        delivery.contact_date,
    )


def approval_missing(delivery: Delivery, situation: Situation) -> Cause | None:
    if not (_is_unconfirmed(delivery, situation) and _waits_for_approval(delivery)):
        return None
    return Cause(
        "approval_missing",
        _("The analysis is done and its approval mode is “%(mode)s”: somebody has to approve it.")
        % {"mode": delivery.get_approval_mode_display()},
        _confirm_remedy(delivery),
    )


def confirmation_missing(delivery: Delivery, situation: Situation) -> Cause | None:
    if not _is_unconfirmed(delivery, situation) or _waits_for_approval(delivery):
        return None
    return Cause("confirmation_missing", _("The analysis is done and not confirmed."), _confirm_remedy(delivery))


def no_mta(delivery: Delivery, situation: Situation) -> Cause | None:
    if not _wants_mta(delivery, situation) or situation.alive(Process.Kind.MTA):
        return None
    return Cause("no_mta", _("No sending process (MTA) is alive."), _("Start one: ./diffusion mta start"))


def mta_stalled(delivery: Delivery, situation: Situation) -> Cause | None:
    serving = _serving(delivery, situation)
    parts = situation.parts_of(delivery)
    limit = situation.now - STALLED_AFTER
    waits = parts.claimed or (parts.oldest_due_at is not None and parts.oldest_due_at <= limit)
    if delivery.state not in _SENDING or not serving or not waits:
        return None
    if any(_last_progress(process) > limit for process in serving):
        return None
    names = sorted({process.name for process in serving})
    return Cause(
        "mta_stalled",
        _("Parts are due and the sending process has made no progress for 60 seconds: %(names)s.")
        % {"names": ", ".join(names)},
        _("Restart it: ./diffusion mta restart"),
    )


def affinity_unserved(delivery: Delivery, situation: Situation) -> Cause | None:
    if not _wants_mta(delivery, situation) or not situation.alive(Process.Kind.MTA) or _serving(delivery, situation):
        return None
    name = delivery.affinity.name if delivery.affinity else ""
    return Cause(
        "affinity_unserved",
        _("No sending process that is alive serves the affinity “%(name)s”.") % {"name": name},
        _("Start one for it (./diffusion mta start --affinity %(name)s), or change the affinity of the delivery.")
        % {"name": name},
    )


def concurrency_limit(delivery: Delivery, situation: Situation) -> Cause | None:
    holding, limit = situation.operations_at_work, situation.concurrency_limit
    if not _is_startable(delivery, situation) or not waits_its_turn(delivery):
        return None
    if delivery.operation_id in holding or len(holding) < limit:
        return None
    return Cause(
        "concurrency_limit",
        ngettext(
            "%(limit)d operation may send at the same time; sending now: %(names)s.",
            "%(limit)d operations may send at the same time; sending now: %(names)s.",
            limit,
        )
        % {"limit": limit, "names": ", ".join(situation.operations_holding)},
        _("Wait for one to end, or raise the limit: ./diffusion option set OPERATION_CONCURRENCY_LIMIT %(number)d")
        % {"number": len(holding) + 1},
    )


def route_paused(delivery: Delivery, situation: Situation) -> Cause | None:
    route = situation.route_of(delivery)
    if route is None or not route.paused or not _is_to_be_sent(delivery, situation):
        return None
    if route.paused_until is not None and route.paused_until <= situation.now:
        return None
    return Cause(
        "route_paused",
        _("The route “%(route)s” is paused: %(reason)s")
        % {"route": route.label, "reason": route.pause_reason or _("no reason was given.")},
        _("Resume the route on its page, or send the delivery through another one."),
        route.paused_until,
    )


def throttled(delivery: Delivery, situation: Situation) -> Cause | None:
    """A receiver has had its share for now, or the whole route has."""
    if not _is_to_be_sent(delivery, situation):
        return None
    throttles = situation.throttles_of(delivery)
    return _throttled_receivers(throttles) if throttles else _throttled_route(situation.route_of(delivery), situation)


def _throttled_receivers(throttles: Sequence[Throttle]) -> Cause:
    told = [f"{each.label}: {each.reason}" if each.reason else each.label for each in throttles[:_RECEIVERS_TOLD]]
    if len(throttles) > _RECEIVERS_TOLD:
        others = len(throttles) - _RECEIVERS_TOLD
        told.append(ngettext("%(number)d other", "%(number)d others", others) % {"number": others})
    if any(each.stopped for each in throttles):
        remedy = _("Look at what the receiver answers; when the cause is gone, resume it on the page of its state.")
    else:
        remedy = _("Wait: it goes on by itself. The limits of the receiver and the warm-up plan can be changed.")
    return Cause(
        "throttled", _("Throttled by %(receivers)s") % {"receivers": "; ".join(told)}, remedy, throttles[0].until
    )


def _throttled_route(route: Route | None, situation: Situation) -> Cause | None:
    if route is None or route.paused:
        return None
    if route.paused_until is None or route.paused_until <= situation.now:
        return None
    return Cause(
        "throttled",
        _("The route “%(route)s” sends nothing for a while: %(reason)s")
        % {"route": route.label, "reason": route.pause_reason or _("it is throttled.")},
        _("Wait, or send the delivery through another route."),
        route.paused_until,
    )


def retry_wait(delivery: Delivery, situation: Situation) -> Cause | None:
    parts = situation.parts_of(delivery)
    throttled_parts = sum(each.parts for each in situation.throttles_of(delivery))
    if delivery.state not in _SENDING or parts.later <= throttled_parts or parts.due or parts.claimed:
        return None
    return Cause(
        "retry_wait",
        _("What could not be delivered yet is tried again later."),
        _("Wait: it is tried until the validity of the delivery ends."),
        parts.next_due_at,
    )


def worker_down(delivery: Delivery, situation: Situation) -> Cause | None:
    if not _wants_worker(delivery, situation) or situation.alive(Process.Kind.WORKER):
        return None
    return Cause("worker_down", _("No worker is alive."), _("Start one: ./diffusion worker"))


def beat_down(delivery: Delivery, situation: Situation) -> Cause | None:
    if not _wants_worker(delivery, situation) or situation.alive(Process.Kind.BEAT):
        return None
    return Cause(
        "beat_down",
        _("The scheduler process (beat) is not alive: nothing is looked at again by itself."),
        _("Start it: ./diffusion beat"),
    )


FINDERS: list[Callable[[Delivery, Situation], Cause | None]] = [
    scheduled,
    approval_missing,
    confirmation_missing,
    no_mta,
    mta_stalled,
    affinity_unserved,
    concurrency_limit,
    route_paused,
    throttled,
    retry_wait,
    worker_down,
    beat_down,
]


def _is_scheduled(delivery: Delivery, situation: Situation) -> bool:
    date = delivery.contact_date
    return delivery.state == DeliveryState.START_PENDING and date is not None and date > situation.now


def _is_startable(delivery: Delivery, situation: Situation) -> bool:
    return delivery.state == DeliveryState.START_PENDING and not _is_scheduled(delivery, situation)


def _is_unconfirmed(delivery: Delivery, situation: Situation) -> bool:
    if delivery.state in (DeliveryState.STOPPED, DeliveryState.FAILED):
        return False
    return delivery.state == DeliveryState.READY or delivery.pk in situation.unconfirmed


def _waits_for_approval(delivery: Delivery) -> bool:
    """It was to start by itself, and its approval mode held it back."""
    return (
        delivery.requested_action == RequestedAction.PREPARE_AND_START
        and delivery.approval_mode != Delivery.ApprovalMode.AUTOMATIC
    )


def _confirm_remedy(delivery: Delivery) -> str:
    return _("Confirm it on its page, or: ./diffusion delivery confirm %(id)d") % {"id": delivery.pk}


def _is_to_be_sent(delivery: Delivery, situation: Situation) -> bool:
    return _is_startable(delivery, situation) or delivery.state in _SENDING


def _wants_mta(delivery: Delivery, situation: Situation) -> bool:
    """Something of it waits for a sender, or will as soon as it starts."""
    parts = situation.parts_of(delivery)
    waits = bool(parts.due or parts.later or parts.claimed)
    return waits and _is_to_be_sent(delivery, situation)


def _serving(delivery: Delivery, situation: Situation) -> list[Process]:
    """Every process serves what has no affinity; an affinity is served by those that name it."""
    alive = situation.alive(Process.Kind.MTA)
    if delivery.affinity is None:
        return alive
    return [process for process in alive if delivery.affinity.name in process.affinities]


def _last_progress(process: Process) -> datetime:
    return process.progressed_at or process.started_at


def _wants_worker(delivery: Delivery, situation: Situation) -> bool:
    """Its next step is made by a worker: the analysis, the start, or the end."""
    if delivery.stop_requested or delivery.state in (*ANALYSIS_STATES, DeliveryState.PAUSING):
        return True
    if delivery.state in _SENDING:
        parts = situation.parts_of(delivery)
        return not (parts.due or parts.claimed or parts.later)
    return _is_startable(delivery, situation)
