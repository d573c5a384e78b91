"""The confirmation: what was analysed is what leaves, from its contact date on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import IllegalState
from deliveries.models import Delivery, DeliveryKind, DeliveryPart, DeliveryState, PartState, Preparation
from deliveries.models import PreparationState as P
from deliveries.models.part import PART_MOVES
from deliveries.models.preparation import PREPARATION_MOVES
from deliveries.preparation.fingerprint import fingerprint

# A continuous delivery is confirmed for the first time from READY, then again after it has finished.
_RESTING = [DeliveryState.READY, DeliveryState.FINISHED]


class NothingToConfirm(IllegalState):
    """No analysis of this delivery waits for a confirmation."""


class AnalysisVoid(IllegalState):
    """The content, the target or a setting has changed since the analysis."""


@transaction.atomic
def confirm(delivery: Delivery, *, now: datetime, contact_date: datetime | None = None) -> Delivery:
    """Let what is ready leave, from the contact date on. Raises NothingToConfirm, AnalysisVoid."""
    ready = Preparation.objects.select_for_update().filter(delivery=delivery, state=P.READY).order_by("pk")
    preparations = list(ready)
    locked = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if not preparations or not _may_be_confirmed(locked):
        raise NothingToConfirm(
            _("This delivery is “%(state)s”: only a prepared delivery can be confirmed.")
            % {"state": locked.get_state_display()}
        )
    for preparation in preparations:
        confirm_preparation(preparation, locked, now=now, contact_date=contact_date or locked.contact_date)
    delivery.refresh_from_db()
    return delivery


def confirm_preparation(
    preparation: Preparation, delivery: Delivery, *, now: datetime, contact_date: datetime | None
) -> None:
    """Confirm one analysis; both rows are locked by the caller."""
    if preparation.fingerprint != fingerprint(preparation, delivery):
        raise AnalysisVoid(
            _(
                "The content, the target or a setting of this delivery has changed since its analysis: "
                "prepare it again, then confirm."
            )
        )
    from_date = max(contact_date or now, now)
    parts = DeliveryPart.objects.filter(preparation=preparation, state=PartState.HELD)
    PART_MOVES.move_all(parts, to=PartState.DUE, due_at=from_date)
    PREPARATION_MOVES.move(preparation, to=P.CONFIRMED)
    _start(delivery, now, from_date)


def _may_be_confirmed(delivery: Delivery) -> bool:
    if delivery.stop_requested or delivery.state in (DeliveryState.STOPPED, DeliveryState.FAILED):
        return False
    return delivery.kind == DeliveryKind.CONTINUOUS or delivery.state == DeliveryState.READY


def _start(delivery: Delivery, now: datetime, from_date: datetime) -> None:
    until = from_date + timedelta(days=delivery.validity_days)
    changes: dict[str, Any] = {"confirmed_at": now, "valid_until": max(until, delivery.valid_until or until)}
    if delivery.state in _RESTING:
        changes |= {"contact_date": from_date, "ended_at": None}
        delivery.moves.move(delivery, to=DeliveryState.START_PENDING, **changes)
        return
    # Already on its way (a continuous delivery): its state stays, its validity is prolonged.
    Delivery.objects.filter(pk=delivery.pk).update(**changes)
