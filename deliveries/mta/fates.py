"""What became of one message, as the journal keeps it and as the database is told."""

from __future__ import annotations

import enum
from typing import NamedTuple

from deliveries.channels.base import Result, SendResult
from deliveries.models import MessageStatus
from recipients.vocabulary import FailureReason, FailureType

DETAIL_LENGTH = 1000


class Fate(enum.Enum):
    SENT = "sent"
    FAILED = "failed"
    RETRY = "retry"
    IN_DOUBT = "in_doubt"
    NOT_APPLICABLE = "not_applicable"

    # Members are single: their identity is enough, and looked up once a message.
    __hash__ = object.__hash__


STATUS_OF = {
    Fate.SENT: MessageStatus.SENT,
    Fate.FAILED: MessageStatus.FAILED,
    Fate.RETRY: MessageStatus.PENDING,
    Fate.IN_DOUBT: MessageStatus.PENDING,
    Fate.NOT_APPLICABLE: MessageStatus.NOT_APPLICABLE,
}
FATE_OF = {
    Result.ACCEPTED: Fate.SENT,
    Result.REFUSED: Fate.FAILED,
    Result.DEFERRED: Fate.RETRY,
    Result.UNSENT: Fate.RETRY,
    Result.IN_DOUBT: Fate.IN_DOUBT,
}


_SENT = Fate.SENT


class Outcome(NamedTuple):
    """`attempts` is what the row's counter becomes, not what is added to it: applying an outcome twice is harmless."""

    broadlog_id: int
    fate: Fate
    attempts: int
    failure_type: int | None = None
    failure_reason: int | None = None
    detail: str = ""


def outcome_of(broadlog_id: int, attempts: int, result: SendResult) -> Outcome:
    fate = FATE_OF[result.result]
    if fate is _SENT:
        return Outcome(broadlog_id, fate, attempts)
    if fate is Fate.IN_DOUBT:
        return in_doubt(broadlog_id, attempts, result.detail)
    return Outcome(
        broadlog_id, fate, attempts, result.failure_type, result.failure_reason, result.detail[:DETAIL_LENGTH]
    )


def in_doubt(broadlog_id: int, attempts: int, detail: str = "") -> Outcome:
    return Outcome(
        broadlog_id,
        Fate.IN_DOUBT,
        attempts,
        FailureType.UNDEFINED,
        FailureReason.OUTCOME_UNKNOWN,
        detail[:DETAIL_LENGTH],
    )


def not_rendered(broadlog_id: int, attempts: int, detail: str) -> Outcome:
    """The message could not be made for this recipient: nobody's address is at fault."""
    return Outcome(
        broadlog_id,
        Fate.FAILED,
        attempts,
        FailureType.UNDEFINED,
        FailureReason.PERSONALISATION,
        detail[:DETAIL_LENGTH],
    )


def nothing_to_send(broadlog_id: int, attempts: int) -> Outcome:
    return Outcome(broadlog_id, Fate.NOT_APPLICABLE, attempts)
