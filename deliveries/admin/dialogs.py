"""What is asked before a delivery is stopped or its rows in doubt are settled."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.admin import Choice, Dialog
from common.figures import count
from deliveries import control, settlement
from deliveries.models import Delivery, DeliveryKind
from deliveries.progress import progress_of
from operations.models import WorkflowState
from operations.timetable import next_instants, scheduler_types


def stop_dialog(delivery: Delivery) -> Dialog:
    """What has left and what has not; for an occurrence, whether the series ends with it."""
    choices = _stop_choices(delivery) if delivery.kind == DeliveryKind.RECURRING else []
    lines = [_what_is_at_stake(delivery), *_doubtful(delivery)]
    if not choices:
        lines += [line for line in (_pending_end(delivery), control.stop_consequence(delivery)) if line]
    return Dialog(
        title=_("Stop what?") if choices else _("Stop this delivery?"),
        lines=lines,
        choices=choices,
        button=_("Stop this delivery"),
        keep=_("Keep sending"),
        asks_reason=True,
        reasons=[_("Wrong content"), _("Wrong target"), _("Wrong date"), _("Asked by the business")],
    )


def what_left(delivery: Delivery) -> str:
    """How many messages were handed over before a pause or a stop."""
    left = progress_of([delivery], timezone.now(), paced=False)[delivery.pk].succeeded
    if not left:
        return _("None had been handed over yet.")
    said = ngettext(
        "%(number)s message had already been handed over.", "%(number)s messages had already been handed over.", left
    ) % {"number": count(left)}
    if control.sent_right_now([delivery.pk]):
        awaited = _("The replies to the last ones are awaited.")
        return f"{said} {awaited}"
    return said


def _what_is_at_stake(delivery: Delivery) -> str:
    progress = progress_of([delivery], timezone.now())[delivery.pk]
    waiting = ngettext("%(number)s message has not left.", "%(number)s messages have not left.", progress.waiting) % {
        "number": count(progress.waiting)
    }
    left = progress.succeeded
    if not left:
        return _("%(waiting)s None has been handed over yet.") % {"waiting": waiting}
    handed = ngettext(
        "%(number)s has already been handed over and cannot be recalled.",
        "%(number)s have already been handed over and cannot be recalled.",
        left,
    ) % {"number": count(left)}
    return f"{waiting} {handed}"


def _doubtful(delivery: Delivery) -> list[str]:
    if not delivery.in_doubt:
        return []
    sentence = ngettext(
        "%(number)s message in doubt stays to be settled.",
        "%(number)s messages in doubt stay to be settled.",
        delivery.in_doubt,
    )
    return [sentence % {"number": count(delivery.in_doubt)}]


def _pending_end(delivery: Delivery) -> str:
    number = delivery.pending
    if not number:
        return ""
    return ngettext(
        "%(number)s pending message becomes “Delivery cancelled”.",
        "%(number)s pending messages become “Delivery cancelled”.",
        number,
    ) % {"number": count(number)}


def _stop_choices(delivery: Delivery) -> list[Choice]:
    here = " ".join(part for part in (_pending_end(delivery), _next_occurrence(delivery, timezone.now())) if part)
    workflow = delivery.series.activity.workflow.label if delivery.series else ""
    there = _(
        "Stops this occurrence and the workflow “%(workflow)s”. No further occurrence is created until someone "
        "starts it again."
    ) % {"workflow": workflow}
    return [
        Choice(control.OCCURRENCE, _("This occurrence only"), here, _("Stop this occurrence")),
        Choice(control.SERIES, _("The whole series"), there, _("Stop the series")),
    ]


def _next_occurrence(delivery: Delivery, now: datetime) -> str:
    series = delivery.series
    if series is None or series.activity.workflow.state != WorkflowState.STARTED:
        return _("The next run of the workflow creates the next occurrence.")
    schedulers = series.activity.workflow.activities.filter(type__in=scheduler_types(), retired=False)
    instants = [at for row in schedulers.select_related("workflow") for at in next_instants(row, now, 1)]
    if not instants:
        return _("The next run of the workflow creates the next occurrence.")
    at = date_format(localtime(min(instants)), "DATETIME_FORMAT")
    return _("The next occurrence is still created on %(at)s.") % {"at": at}


def settle_choices() -> list[Choice]:
    """What a person may decide, and what follows from it."""
    return [
        Choice(
            settlement.SENT,
            _("Assume sent"),
            _("Nobody gets it twice; whoever did not get it stays without."),
            _("Assume sent"),
        ),
        Choice(
            settlement.FAILED,
            _("Assume failed"),
            _("Nobody gets it twice; they count as failed with the reason “Outcome unknown”, no address is to blame."),
            _("Assume failed"),
        ),
        Choice(
            settlement.RESEND,
            _("Send again"),
            _("Everybody gets it; whoever had got it gets it twice."),
            _("Send again"),
        ),
    ]


def settled_sentence(decision: str, settled: int) -> str:
    """What was done, for the page that comes after."""
    sentences = {
        settlement.SENT: ngettext(
            "%(number)s message is assumed sent.", "%(number)s messages are assumed sent.", settled
        ),
        settlement.FAILED: ngettext(
            "%(number)s message is assumed failed.", "%(number)s messages are assumed failed.", settled
        ),
        settlement.RESEND: ngettext(
            "%(number)s message is sent again.", "%(number)s messages are sent again.", settled
        ),
    }
    return sentences[decision] % {"number": count(settled)}


def settle_dialog(delivery: Delivery) -> Dialog:
    """Nobody knows whether these messages were received: a person decides."""
    number = delivery.in_doubt
    fact = ngettext(
        "%(number)s message was being handed over when the connection or the process broke.",
        "%(number)s messages were being handed over when the connection or the process broke.",
        number,
    ) % {"number": count(number)}
    return Dialog(
        title=_("Settle what is in doubt"),
        lines=[fact],
        choices=settle_choices(),
        keep=_("Leave it in doubt"),
        asks_reason=True,
        is_destructive=False,
    )
