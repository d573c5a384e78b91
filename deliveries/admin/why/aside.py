"""Beside the way: what would have changed it, how many others were lost for the same reason, and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.badges import Badge, badge
from common.figures import count
from deliveries.admin.badges import message_badge
from deliveries.models import Broadlog, Delivery, MessageStatus, Preparation, PreparationState
from operations.explain import Step
from recipients.vocabulary import FailureReason

OTHERS = 12


@dataclass(frozen=True)
class Status:
    badge: Badge
    at: datetime | None


def history_of(rows: Sequence[Broadlog]) -> list[Status]:
    """Where each message began and where it is; the statuses in between are not kept."""
    found = []
    for row in rows:
        if row.status not in (MessageStatus.IGNORED, MessageStatus.PENDING):
            found.append(Status(badge(MessageStatus.PENDING), row.preparation.ended_at))
        found.append(Status(message_badge(row), row.updated_at))
    return found


def remedies(rows: Sequence[Broadlog], decider: Step | None) -> list[str]:
    """What would have let the message leave."""
    reason = next((row.failure_reason for row in rows if row.failure_reason), None)
    texts = _by_reason()
    if reason in texts:
        return [texts[reason]]
    failed = [check.text for check in decider.checks if check.holds is False] if decider is not None else []
    if failed:
        return [_("Being among: %(condition)s") % {"condition": text} for text in failed]
    if any(row.status == MessageStatus.CANCELLED for row in rows):
        return [_("Not stopping the delivery before its end")]
    if decider is not None and decider.kind in ("activity", "target", "analysis"):
        return [_("Being in what leaves “%(where)s”") % {"where": decider.where}]
    return []


def _by_reason() -> dict[int | None, str]:
    return {
        FailureReason.ADDRESS_NOT_SPECIFIED: _("An address on the profile"),
        FailureReason.BAD_QUALITY: _("A correct address on the profile"),
        FailureReason.DENYLISTED: _("A person who wants messages again: the denylist is theirs to leave"),
        FailureReason.QUARANTINED: _("The address released from quarantine, if it works again"),
        FailureReason.DOUBLE: _("An address that nobody else in the target has"),
        FailureReason.USER_UNKNOWN: _("An address that exists"),
        FailureReason.INVALID_DOMAIN: _("An address whose domain exists"),
        FailureReason.MAILBOX_FULL: _("Room in the mailbox, or a longer validity of the delivery"),
        FailureReason.UNREACHABLE: _("A server that answers, or a longer validity of the delivery"),
        FailureReason.PERSONALISATION: _("Content that can be made for this person"),
    }


def others_dropped(delivery: Delivery, rows: Sequence[Broadlog]) -> str:
    """How many the analyses kept back for the same reason; from their counts, whatever the log keeps."""
    reason = next((row.failure_reason for row in rows if row.status == MessageStatus.IGNORED), None)
    if reason is None:
        return ""
    slug = FailureReason(reason).slug
    left_out = (PreparationState.CANCELLED, PreparationState.FAILED)
    kept = Preparation.objects.filter(delivery=delivery).exclude(state__in=left_out)
    number = sum(counts.get(slug, 0) for counts in kept.values_list("ignored_counts", flat=True)) - 1
    if number <= 0:
        return _("Nobody else was kept back for this reason in this delivery.")
    return ngettext(
        "%(number)s other person was kept back for this reason in this delivery.",
        "%(number)s other people were kept back for this reason in this delivery.",
        number,
    ) % {"number": count(number)}


def other_deliveries(delivery: Delivery, recipient_id: int) -> QuerySet[Delivery, Any]:
    """The latest ones that have a line about this person."""
    numbers = Broadlog.objects.filter(recipient=recipient_id).order_by("-pk").values_list("delivery_id", flat=True)
    found = [number for number in dict.fromkeys(numbers[: OTHERS * 3]) if number != delivery.pk]
    return Delivery.objects.filter(pk__in=found[:OTHERS]).order_by("-pk").only("pk", "label")
