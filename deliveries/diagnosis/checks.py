"""Everything that a delivery needs in order to leave, in order: what holds it back, and what doesn't, with evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from deliveries.diagnosis.causes import FINDERS, Cause
from deliveries.diagnosis.situation import Situation, read_situation
from deliveries.models import Delivery, DeliveryState
from installation.models import Process


@dataclass(frozen=True)
class Check:
    """`cause` is None for a check that is passed; `evidence` says by what."""

    code: str
    title: Any
    evidence: str
    cause: Cause | None = None

    @property
    def passed(self) -> bool:
        return self.cause is None


@dataclass(frozen=True)
class Examination:
    checks: list[Check]
    waiting_since: datetime | None

    @property
    def causes(self) -> list[Cause]:
        return [check.cause for check in self.checks if check.cause is not None]


def all_checks(delivery: Delivery, now: datetime) -> Examination:
    """Every check that applies, in the order in which the causes are told."""
    situation = read_situation([delivery], now)
    checks = [check for check in (_check(find, delivery, situation) for find in FINDERS) if check is not None]
    return Examination(checks, _waiting_since(delivery, situation))


def _check(
    find: Callable[[Delivery, Situation], Cause | None], delivery: Delivery, situation: Situation
) -> Check | None:
    code = find.__name__
    cause = find(delivery, situation)
    if cause is not None:
        return Check(cause.code, cause.detail, cause.remedy, cause)
    if code not in _PASSED:
        return None
    title, evidence = _PASSED[code]
    said = evidence(delivery, situation)
    return Check(code, title, said) if said else None


def _contact_date(delivery: Delivery, situation: Situation) -> str:
    if delivery.contact_date is None or delivery.contact_date > situation.now:
        return ""
    return date_format(localtime(delivery.contact_date), "SHORT_DATETIME_FORMAT")


def _confirmation(delivery: Delivery, situation: Situation) -> str:
    if delivery.confirmed_at is None:
        return ""
    at = date_format(localtime(delivery.confirmed_at), "SHORT_DATETIME_FORMAT")
    return _("Confirmed on %(at)s; approval mode: %(mode)s.") % {"at": at, "mode": delivery.get_approval_mode_display()}


def _mta(delivery: Delivery, situation: Situation) -> str:
    return _alive(situation, Process.Kind.MTA)


def _progress(delivery: Delivery, situation: Situation) -> str:
    processes = situation.alive(Process.Kind.MTA)
    if not processes or delivery.state == DeliveryState.START_PENDING:
        return ""
    last = max(process.progressed_at or process.started_at for process in processes)
    return _("Last progress %(seconds)d s ago.") % {"seconds": _seconds(last, situation)}


def _affinity(delivery: Delivery, situation: Situation) -> str:
    if delivery.affinity is None:
        return _("None is asked for: every sending process may send it.")
    name = delivery.affinity.name
    serving = [process.name for process in situation.alive(Process.Kind.MTA) if name in process.affinities]
    if not serving:
        return ""
    return _("“%(affinity)s” is served by %(names)s.") % {"affinity": name, "names": ", ".join(sorted(serving))}


def _concurrency(delivery: Delivery, situation: Situation) -> str:
    number = len(situation.operations_at_work)
    return ngettext(
        "%(number)d operation of %(limit)d sends now.", "%(number)d operations of %(limit)d send now.", number
    ) % {"number": number, "limit": situation.concurrency_limit}


def _route(delivery: Delivery, situation: Situation) -> str:
    route = situation.route_of(delivery)
    return route.label if route is not None else ""


def _receivers(delivery: Delivery, situation: Situation) -> str:
    parts = situation.parts_of(delivery)
    return _("None of them holds a part back.") if parts.due or parts.claimed or parts.later else ""


def _workers(delivery: Delivery, situation: Situation) -> str:
    return _alive(situation, Process.Kind.WORKER)


def _beat(delivery: Delivery, situation: Situation) -> str:
    return _alive(situation, Process.Kind.BEAT)


def _alive(situation: Situation, kind: str) -> str:
    processes = situation.alive(kind)
    if not processes:
        return ""
    last = max(process.heartbeat_at for process in processes)
    return ngettext(
        "%(number)d process, last heartbeat %(seconds)d s ago.",
        "%(number)d processes, last heartbeat %(seconds)d s ago.",
        len(processes),
    ) % {"number": len(processes), "seconds": _seconds(last, situation)}


def _seconds(at: datetime, situation: Situation) -> int:
    return max(0, round((situation.now - at).total_seconds()))


# The checks that pass: their title and their evidence; without evidence they don't apply.
_PASSED: dict[str, tuple[Any, Callable[[Delivery, Situation], str]]] = {
    "scheduled": (gettext_lazy("Contact date reached"), _contact_date),
    "confirmation_missing": (gettext_lazy("Approvals and confirmation"), _confirmation),
    "no_mta": (gettext_lazy("A sending process (MTA) is alive"), _mta),
    "mta_stalled": (gettext_lazy("The sending processes move on"), _progress),
    "affinity_unserved": (gettext_lazy("Affinity served"), _affinity),
    "concurrency_limit": (gettext_lazy("Under the concurrency limit"), _concurrency),
    "route_paused": (gettext_lazy("Route open"), _route),
    "throttled": (gettext_lazy("Receivers take messages"), _receivers),
    "worker_down": (gettext_lazy("A worker is running"), _workers),
    "beat_down": (gettext_lazy("The scheduler process (beat) is running"), _beat),
}


def _waiting_since(delivery: Delivery, situation: Situation) -> datetime | None:
    """When the thing that should happen next became possible, as far as it is known."""
    parts = situation.parts_of(delivery)
    if parts.oldest_due_at is not None:
        return parts.oldest_due_at
    known = [date for date in (delivery.confirmed_at, delivery.contact_date) if date is not None]
    return max((date for date in known if date <= situation.now), default=None)
