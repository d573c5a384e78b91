"""A message that kills its sender each time: found by halving its part, and failed alone.

A part with which a sender died before anything of it had been decided is suspect: it is claimed again alone, by a
sender that holds nothing else. If that one dies too, the part is cut in two; a suspect of one message that kills
again has failed. Whoever gets anywhere with a part clears it.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from deliveries.counters import move_counts
from deliveries.models import Broadlog, Delivery, DeliveryPart, MessageStatus, PartState
from deliveries.models.broadlog import MESSAGE_MOVES
from deliveries.models.part import PART_MOVES
from deliveries.mta.claims import open_rows
from recipients.vocabulary import FailureReason, FailureType

logger = logging.getLogger("diffusion.mta")
# Deaths in a row, the first in company: then its part is halved; a single message gets one chance more.
HALVED_AT, FAILED_AT = 2, 3


@transaction.atomic
def note_death(part_id: int, *, progressed: bool, now: datetime) -> None:
    """A sender died while it held this part, which has been given back. `progressed`: some of it had been decided."""
    part = DeliveryPart.objects.select_for_update().filter(pk=part_id, state=PartState.DUE).first()
    if part is None:
        return
    crashes = 0 if progressed else part.crashes + 1
    rows = list(open_rows(part.delivery_id, part.first_id, part.last_id).order_by("pk").values_list("pk", flat=True))
    if crashes >= HALVED_AT and len(rows) > 1:
        _halve(part, rows)
    elif crashes >= FAILED_AT and _others_arrived(part.delivery_id):
        _fail(part, rows, now)
    else:
        DeliveryPart.objects.filter(pk=part.pk).update(crashes=crashes)


def _halve(part: DeliveryPart, rows: list[int]) -> None:
    middle = len(rows) // 2
    first, second = rows[:middle], rows[middle:]
    last_id = part.last_id
    DeliveryPart.objects.filter(pk=part.pk).update(last_id=second[0] - 1, size=len(first), crashes=_crashes_of(first))
    DeliveryPart.objects.create(
        delivery_id=part.delivery_id,
        preparation_id=part.preparation_id,
        first_id=second[0],
        last_id=last_id,
        size=len(second),
        state=PartState.DUE,
        due_at=part.due_at,
        attempt=part.attempt,
        crashes=_crashes_of(second),
    )
    logger.error("part %d killed its sender again: it is sent in two halves, each alone", part.pk)


def _crashes_of(rows: list[int]) -> int:
    return HALVED_AT - 1 if len(rows) > 1 else FAILED_AT - 1


def _others_arrived(delivery_id: int) -> bool:
    """Where nothing at all gets through, the message is not to blame but the sender."""
    return Delivery.objects.filter(pk=delivery_id, sent__gt=0).exists()


def _fail(part: DeliveryPart, rows: list[int], now: datetime) -> None:
    failed = MESSAGE_MOVES.move_all(
        Broadlog.objects.filter(pk__in=rows),
        to=MessageStatus.FAILED,
        failure_type=FailureType.UNDEFINED,
        failure_reason=FailureReason.PERSONALISATION,
        failure_detail=_("The sending process died each time it made this message."),
        updated_at=now,
    )
    PART_MOVES.move_all(DeliveryPart.objects.filter(pk=part.pk), to=PartState.DONE, crashes=0)
    move_counts(part.delivery_id, {"pending": -failed, "failed": failed})
    logger.error("message %s killed its sender each time: it has failed", rows)
