"""Rows in doubt are settled by a person or by the log of the relay: sent, failed, or sent again. Nothing guesses."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from common.errors import IllegalState, Invalid
from common.states import StateMachine
from deliveries.counters import move_counts
from deliveries.lifecycle import settle_delivery, start_due_deliveries
from deliveries.models import Broadlog, Delivery, DeliveryPart, DeliveryState, MessageStatus, PartState
from deliveries.models.broadlog import MESSAGE_MOVES
from deliveries.models.delivery import SENDING_STATES
from deliveries.mta.fates import DETAIL_LENGTH
from recipients.vocabulary import FailureReason, FailureType

SENT = "sent"
FAILED = "failed"
RESEND = "resend"
DECISIONS = (SENT, FAILED, RESEND)
# Only for what is known never to have left, of a delivery that sends nothing any more.
CANCELLED = "cancelled"
_ENDS = {SENT: MessageStatus.SENT, FAILED: MessageStatus.FAILED, CANCELLED: MessageStatus.CANCELLED}
# The only way back from these two: rows in doubt that somebody wants sent again.
_REOPENED_PARTS = StateMachine("state", {PartState.DONE: [PartState.DUE]})
_REOPENED_DELIVERIES = StateMachine("state", {DeliveryState.FINISHED: [DeliveryState.START_PENDING]})
_WAITING = (DeliveryState.START_PENDING, DeliveryState.PAUSED)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message is settled as failed; nobody's address is at fault unless a receiver said so."""

    failure_type: FailureType = FailureType.UNDEFINED
    reason: FailureReason = FailureReason.OUTCOME_UNKNOWN
    # Empty: what the row says already.
    detail: str = ""


class UnknownDecision(Invalid):
    """A settlement decides “sent”, “failed” or “resend”."""


class NothingInDoubt(IllegalState):
    """None of these rows is in doubt."""


class UnableToResend(IllegalState):
    """The delivery sends nothing any more: its rows in doubt can only be assumed sent, or failed."""


def settle_in_doubt(
    delivery: Delivery,
    *,
    decision: str,
    now: datetime,
    broadlogs: Collection[int] | None = None,
    failure: Failure | None = None,
) -> int:
    """Settle all the rows in doubt of this delivery, or those named; return how many there were.

    Rows that are no longer in doubt are left alone. Raises UnknownDecision, NothingInDoubt, UnableToResend.
    """
    if decision not in (*DECISIONS, CANCELLED):
        raise UnknownDecision(
            _("The decision is “sent”, “failed” or “resend”, not “%(decision)s”.") % {"decision": decision},
            fields={"decision": [_("Choose “sent”, “failed” or “resend”.")]},
        )
    settled = _settle(delivery, decision, now, broadlogs, failure or Failure())
    start_due_deliveries(now)
    settle_delivery(delivery.pk, now=now)
    delivery.refresh_from_db()
    return settled


@transaction.atomic
def _settle(
    delivery: Delivery, decision: str, now: datetime, broadlogs: Collection[int] | None, failure: Failure
) -> int:
    # Parts, rows, delivery: the order in which everybody locks.
    rows = doubtful_rows(broadlogs).filter(delivery=delivery.pk)
    parts = _lock_parts(delivery.pk, rows) if decision == RESEND else []
    settled = _send_again(rows, now) if decision == RESEND else _end(rows, decision, now, failure)
    if not settled:
        raise NothingInDoubt(_("No message of this delivery is in doubt, or none of those named."))
    if decision == RESEND:
        _reopen(delivery, parts, now)
    counter = "pending" if decision == RESEND else _ENDS[decision].slug
    move_counts(delivery.pk, {"in_doubt": -settled, counter: settled})
    return settled


def doubtful_rows(broadlogs: Collection[int] | None = None) -> QuerySet[Broadlog]:
    """The rows in doubt, of every delivery; or those of the rows named that are."""
    rows = Broadlog.objects.filter(status=MessageStatus.PENDING, in_doubt_since__isnull=False).order_by()
    return rows if broadlogs is None else rows.filter(pk__in=list(broadlogs))


def _lock_parts(delivery_id: int, rows: QuerySet[Broadlog]) -> list[int]:
    inside = rows.filter(pk__gte=OuterRef("first_id"), pk__lte=OuterRef("last_id"))
    parts = DeliveryPart.objects.filter(Exists(inside), delivery=delivery_id).order_by("pk")
    return list(parts.select_for_update(of=("self",)).values_list("pk", flat=True))


def _end(rows: QuerySet[Broadlog], decision: str, now: datetime, failure: Failure) -> int:
    said: dict[str, Any] = {"failure_type": None, "failure_reason": None}
    if decision == FAILED:
        said = {"failure_type": failure.failure_type, "failure_reason": failure.reason}
        if failure.detail:
            said["failure_detail"] = failure.detail[:DETAIL_LENGTH]
    return MESSAGE_MOVES.move_all(rows, to=_ENDS[decision], in_doubt_since=None, updated_at=now, **said)


def _send_again(rows: QuerySet[Broadlog], now: datetime) -> int:
    """The row waits as before; what its first attempt said stays readable until the next one."""
    return rows.update(in_doubt_since=None, failure_type=None, failure_reason=None, updated_at=now)


def _reopen(delivery: Delivery, parts: Collection[int], now: datetime) -> None:
    locked = Delivery.objects.select_for_update().get(pk=delivery.pk)
    _refuse_unless_it_sends(locked, now)
    closed = DeliveryPart.objects.filter(pk__in=parts)
    _REOPENED_PARTS.move_all(closed, to=PartState.DUE, due_at=now)
    finished = Delivery.objects.filter(pk=delivery.pk)
    _REOPENED_DELIVERIES.move_all(finished, to=DeliveryState.START_PENDING, ended_at=None)


def _refuse_unless_it_sends(delivery: Delivery, now: datetime) -> None:
    at_work = delivery.state in (*SENDING_STATES, *_WAITING, DeliveryState.FINISHED)
    if not at_work or delivery.stop_requested:
        raise UnableToResend(
            _(
                "This delivery is “%(state)s” and sends nothing any more: its messages in doubt can be assumed sent, "
                "or failed."
            )
            % {"state": delivery.get_state_display()}
        )
    if delivery.valid_until is not None and delivery.valid_until <= now:
        raise UnableToResend(
            _(
                "The validity of this delivery is over: its messages in doubt can be assumed sent or failed, "
                "not sent again."
            )
        )
