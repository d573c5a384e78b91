"""What an operation reaches downstream: its deliveries are stopped with it, and keep it busy."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deliveries.control import stop_all
from deliveries.models import Delivery, DeliveryKind, DeliveryState
from deliveries.models.delivery import ANALYSIS_STATES, FINAL_STATES, SENDING_STATES
from operations.participants import participants

_BUSY_STATES = [*ANALYSIS_STATES, DeliveryState.START_PENDING, *SENDING_STATES, DeliveryState.PAUSED]


class DeliveryParticipant:
    def stop(self, operation_id: int, *, now: datetime) -> int:
        """Stop every delivery of the operation that is not over, each in its own transactions."""
        return stop_all(_unfinished(operation_id), now=now)

    def at_stake(self, operation_id: int) -> list[str]:
        """How many deliveries would end, and how many people would no longer be written to."""
        unfinished = _unfinished(operation_id).aggregate(number=Count("pk"), waiting=Sum("pending", default=0))
        number, waiting = unfinished["number"], unfinished["waiting"]
        lines = [
            ngettext(
                "%(count)s delivery that is not over is stopped.",
                "%(count)s deliveries that are not over are stopped.",
                number,
            )
            % {"count": number_format(number)}
        ]
        if waiting:
            message = ngettext(
                "%(count)s message that waits is cancelled.", "%(count)s messages that wait are cancelled.", waiting
            )
            lines.append(message % {"count": number_format(waiting, force_grouping=True)})
        lines.append(_("What has left can't be called back."))
        return lines if number else []

    def busy(self, operation_id: int) -> int:
        return Delivery.objects.filter(operation=operation_id, state__in=_BUSY_STATES).count()


def _unfinished(operation_id: int) -> QuerySet[Delivery]:
    # A continuous delivery between two runs is not over: the next run would feed it again.
    between_runs = Q(kind=DeliveryKind.CONTINUOUS, state=DeliveryState.FINISHED)
    rows = Delivery.objects.filter(~Q(state__in=FINAL_STATES) | between_runs, operation=operation_id)
    return rows.filter(stop_requested=False)


participants.add("deliveries", DeliveryParticipant())
