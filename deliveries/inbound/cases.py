"""One inbound mail beside the message that its token names: what is to be done about it. Nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from deliveries.inbound.reading.verdict import Kind, Reading, RecipientVerdict
from deliveries.models import MessageStatus
from deliveries.models.inbound import InboundMail
from recipients.quarantine import AddressFailure
from recipients.vocabulary import FailureReason, FailureType

MailOutcome = InboundMail.Outcome
# A message may have left in any of these: a pending one whose outcome is still on its way to the database, or in doubt.
_MAY_HAVE_LEFT = (MessageStatus.PENDING, MessageStatus.SENT, MessageStatus.TAKEN_INTO_ACCOUNT)
# What a provider is told when somebody says that a mail was wanted.
_PRAISE = "not-spam"


@dataclass(frozen=True, slots=True)
class ReadMail:
    """One mail to apply, by its key; `reading` is None when it could not be read."""

    key: str
    reading: Reading | None
    source_id: int | None = None


@dataclass(frozen=True, slots=True)
class SentMessage:
    """The broadlog that a token names, as it stands."""

    pk: int
    delivery_id: int
    delivery_label: str
    channel: str
    address: str
    status: int
    is_in_doubt: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """`status`: what the message's status becomes. `failure` counts on its address, `complaint` denylists it."""

    mail: ReadMail
    outcome: MailOutcome
    message: SentMessage | None = None
    verdict: RecipientVerdict | None = None
    status: int | None = None
    failure: AddressFailure | None = None
    complaint: AddressFailure | None = None
    unsubscribes: bool = False


def case_of(mail: ReadMail, message: SentMessage | None, *, now: datetime, bounces_count_for: timedelta) -> Case:
    """What the mail changes. It changes its own message and that message's address, or nothing."""
    reading = mail.reading
    if reading is None:
        return Case(mail, MailOutcome.SET_ASIDE)
    if message is None:
        return Case(mail, MailOutcome.NO_TOKEN, verdict=_verdict(reading, ""))
    case = Case(mail, MailOutcome.NO_EFFECT, message, _verdict(reading, message.address))
    if reading.kind == Kind.BOUNCE:
        is_late = message.updated_at < now - bounces_count_for
        return replace(case, outcome=MailOutcome.NO_TOKEN) if is_late else _bounce(case, message)
    if reading.kind == Kind.COMPLAINT and reading.feedback_type != _PRAISE:
        complaint = _failure(message, FailureReason.DENYLISTED, FailureType.HARD, _words(case))
        return replace(_arrived(case, message), outcome=MailOutcome.APPLIED, complaint=complaint)
    if reading.kind == Kind.UNSUBSCRIPTION:
        return replace(_arrived(case, message), outcome=MailOutcome.APPLIED, unsubscribes=True)
    return case if reading.kind == Kind.OTHER else _arrived(case, message)


def _bounce(case: Case, message: SentMessage) -> Case:
    verdict = case.verdict
    type = verdict.failure_type if verdict else None
    counts = type in (FailureType.HARD, FailureType.SOFT) and message.status in _MAY_HAVE_LEFT
    if verdict is None or type is None or not counts:
        return _arrived(case, message)
    failure = _failure(message, verdict.failure_reason or FailureReason.NOT_DEFINED, type, _words(case))
    # Hard or soft, a bounce is the end of this message (a delay is no bounce); the type counts for its address alone.
    return replace(case, outcome=MailOutcome.APPLIED, status=int(MessageStatus.FAILED), failure=failure)


def _arrived(case: Case, message: SentMessage) -> Case:
    """Any answer proves that the message left: what was in doubt is sent."""
    status = _after_arrival(message)
    if case.mail.reading and case.mail.reading.kind == Kind.DELIVERED and status == MessageStatus.TAKEN_INTO_ACCOUNT:
        status = MessageStatus.SENT
    if status == message.status:
        return case
    return replace(case, outcome=MailOutcome.APPLIED, status=status)


def _after_arrival(message: SentMessage) -> int:
    return int(MessageStatus.SENT) if message.is_in_doubt else message.status


def _verdict(reading: Reading, address: str) -> RecipientVerdict | None:
    """The verdict on this address; else the first: a mailbox that forwards answers under another name."""
    own = [verdict for verdict in reading.recipients if address and verdict.address.lower() == address.lower()]
    return next(iter(own or reading.recipients), None)


def _words(case: Case) -> str:
    reading = case.mail.reading
    said = case.verdict.detail if case.verdict else ""
    return said or (reading.feedback_type or reading.subject if reading else "")


def _failure(message: SentMessage, reason: FailureReason, type: FailureType, text: str) -> AddressFailure:
    return AddressFailure(
        channel=message.channel,
        address=message.address,
        reason=reason,
        text=text,
        delivery_id=message.delivery_id,
        delivery_label=message.delivery_label,
        type=type,
    )
