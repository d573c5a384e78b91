"""Taking an analysis back: its unsent rows and parts disappear, and the delivery can be edited again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from common.errors import IllegalState
from deliveries.counters import counter_of, move_counts
from deliveries.models import Broadlog, Delivery, DeliveryKind, DeliveryPart, DeliveryState, Preparation
from deliveries.models import PreparationState as P
from deliveries.models.delivery import ANALYSIS_STATES
from deliveries.models.preparation import PREPARATION_MOVES
from operations.workflow import engine

# Until it is confirmed, the state of a delivery is that of its analysis.
UNCONFIRMED_STATES = [
    DeliveryState.EDITED,
    *ANALYSIS_STATES,
    DeliveryState.PREPARATION_FAILED,
    DeliveryState.READY,
]
OPEN_STATES = [P.REQUESTED, P.TARGETED, P.CONTENT_FROZEN, P.READY, P.FAILED, P.ESTIMATED]
WORKING_STATES = [P.REQUESTED, P.TARGETED, P.CONTENT_FROZEN]


class AnalysisSent(IllegalState):
    """The delivery is confirmed: its analysis can't be taken back."""


@transaction.atomic
def void_analysis(delivery: Delivery, *, now: datetime) -> None:
    """Drop what was not confirmed; the delivery is being edited again. Raises AnalysisSent."""
    # Analyses before deliveries: everybody locks in this order.
    preparations = lock_open(delivery)
    locked = Delivery.objects.select_for_update().get(pk=delivery.pk)
    unconfirmed = locked.state in UNCONFIRMED_STATES
    if not unconfirmed and locked.kind != DeliveryKind.CONTINUOUS:
        raise AnalysisSent(
            _("This delivery is “%(state)s”: its analysis can't be taken back.") % {"state": locked.get_state_display()}
        )
    for preparation in preparations:
        drop(preparation, now=now)
    if unconfirmed and locked.state != DeliveryState.EDITED:
        locked.moves.move(locked, to=DeliveryState.EDITED, error="", requested_action="save")
    delivery.refresh_from_db()


def lock_open(delivery: Delivery) -> list[Preparation]:
    """The analyses of this delivery that are not confirmed, locked."""
    rows = Preparation.objects.select_for_update().filter(delivery=delivery, state__in=OPEN_STATES)
    return list(rows.order_by("pk"))


def drop(preparation: Preparation, *, now: datetime) -> None:
    """Cancel one locked analysis and delete what it wrote."""
    discard_rows(preparation)
    PREPARATION_MOVES.move(preparation, to=P.CANCELLED, ended_at=now, lease_until=None)
    wake(preparation, now=now)


def discard_rows(preparation: Preparation) -> None:
    """Delete the unsent rows and the parts of an unconfirmed analysis, and take them off the counters."""
    rows = Broadlog.objects.filter(delivery=preparation.delivery_id, preparation=preparation)
    numbers = dict(rows.values_list("status").annotate(Count("pk")).order_by())
    DeliveryPart.objects.filter(preparation=preparation).delete()
    rows.delete()
    deltas = {counter_of(status): -number for status, number in numbers.items()}
    move_counts(preparation.delivery_id, {**deltas, "targeted": -sum(numbers.values())})


def wake(preparation: Preparation, *, now: datetime) -> None:
    """The activity that asked for this analysis looks at it again."""
    if preparation.task_id is not None:
        engine.wake(preparation.task_id, now=now)
