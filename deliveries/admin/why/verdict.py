"""The answer in one line: reception is claimed only when the person has reacted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from common.badges import Badge, badge
from deliveries.admin.badges import message_badge
from deliveries.explain import LEFT, LOST
from deliveries.models import Broadlog, Delivery, DeliveryState, MessageStatus
from operations.explain import Step
from recipients.vocabulary import FailureReason


@dataclass(frozen=True)
class Verdict:
    """`tone` and `icon` of the large mark; `is_reached`: the message left."""

    title: str
    reason: str
    tone: str
    icon: str
    badge: Badge
    is_reached: bool = False


def verdict_of(delivery: Delivery, rows: Sequence[Broadlog], steps: Sequence[Step], decider: Step | None) -> Verdict:
    """Of several messages (a continuous delivery) the one that came furthest counts."""
    row = max(rows, key=_furthest) if rows else None
    proof = next((step for step in steps if step.proves), None)
    if row is None:
        return _without_message(delivery, decider)
    if proof is not None:
        return _received(row, proof)
    return _by_status(row)


def _furthest(row: Broadlog) -> tuple[int, Any]:
    rank = 3 if row.status in LEFT else 2 if row.in_doubt_since else 0 if row.status == MessageStatus.IGNORED else 1
    return rank, row.pk


def _without_message(delivery: Delivery, decider: Step | None) -> Verdict:
    look = badge(DeliveryState(delivery.state))
    if decider is None:
        return Verdict(_("Not decided yet"), _("This delivery has not been analysed."), "wait", "clock", look)
    reason = _reason_of(decider)
    return Verdict(_("Not targeted"), reason, "bad", "x", Badge("mute", "circle-minus", _("No message")))


def _reason_of(decider: Step) -> str:
    failed = next((check for check in decider.checks if check.holds is False), None)
    if failed is None:
        return " – ".join(part for part in (f"{decider.where}: {decider.outcome}", decider.reason) if part) + "."
    values = f" ({'; '.join(failed.values)})" if failed.values else ""
    return _("%(where)s keeps only: %(condition)s%(values)s") % {
        "where": decider.where,
        "condition": failed.text,
        "values": values,
    }


def _received(row: Broadlog, proof: Step) -> Verdict:
    values = {"what": proof.where.lower(), "at": _moment(proof.at)}
    title = _("Received (%(what)s on %(at)s)") % values
    reason = _("A person reacted, so the message arrived. The server had accepted it on %(at)s.")
    return Verdict(title, reason % {"at": _moment(row.updated_at)}, "ok", "check", message_badge(row), True)


def _by_status(row: Broadlog) -> Verdict:
    look, at = message_badge(row), _moment(row.updated_at)
    why = _failure(row)
    if row.in_doubt_since:
        text = _("The connection or the process broke while it was handed over: nobody knows whether it left.")
        return Verdict(_("In doubt"), text, "doubt", "circle-question-mark", look)
    if row.status in LEFT:
        text = _("The server accepted it on %(at)s. No reaction of a person proves that it was read.") % {"at": at}
        return Verdict(_("Handed over"), text, "ok", "send", look, True)
    if row.status in (*LOST, MessageStatus.IGNORED):
        title = _("Not received: %(reason)s") % {"reason": why[:1].lower() + why[1:]}
        return Verdict(title, _not_received(row, at), "bad", "x", look)
    return Verdict(_("Not sent yet"), _("The message waits for its turn."), "wait", "clock", look)


def _not_received(row: Broadlog, at: str) -> str:
    if row.status == MessageStatus.IGNORED:
        return _("In the target, but the analysis kept the message back.")
    if row.status == MessageStatus.FAILED:
        return _("The message was refused on %(at)s.") % {"at": at}
    if row.status == MessageStatus.CANCELLED:
        return _("The delivery was stopped before this message left.")
    return _("The content has nothing for this person.")


def _failure(row: Broadlog) -> str:
    if row.status in (MessageStatus.FAILED, MessageStatus.IGNORED) and row.failure_reason:
        return str(FailureReason(row.failure_reason).label)
    return str(row.get_status_display())


def _moment(at: Any) -> str:
    return date_format(localtime(at), "DATETIME_FORMAT") if at is not None else "–"
