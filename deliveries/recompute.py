"""Indicators computed again from the rows: the account here, what came back by the apps downstream."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import IllegalState
from common.registry import Registry
from deliveries.counters import count_rows
from deliveries.models import Delivery
from deliveries.models.delivery import FINAL_STATES


class Recomputer(Protocol):
    def __call__(self, delivery_id: int, *, now: datetime) -> object: ...


recomputers: Registry[Recomputer] = Registry("recomputers of indicators")


class StillMoving(IllegalState):
    """The counters of a delivery at work move with its rows; they are computed again when it is over."""


class RowsPurged(IllegalState):
    """Nothing is left from which the counters could be computed."""


def recompute(delivery: Delivery, *, now: datetime) -> int:
    """Bring every counter of a delivery that is over back to what its rows say; by how much they were off."""
    with transaction.atomic():
        locked = Delivery.objects.select_for_update().get(pk=delivery.pk)
        if locked.state not in FINAL_STATES:
            raise StillMoving(_("This delivery still moves: its figures follow every message."))
        if locked.rows_purged:
            raise RowsPurged(
                _("The log of this delivery was deleted after its retention: its figures stay as they are.")
            )
        counted = count_rows(delivery.pk)
        difference: int = sum(abs(getattr(locked, name) - number) for name, number in counted.items())
        Delivery.objects.filter(pk=delivery.pk).update(**counted)
    for recomputer in recomputers:
        recomputer(delivery.pk, now=now)
    delivery.refresh_from_db()
    return difference
