"""From a server's reply to what it means for the message, the address and the route. SMTP codes stop here."""

from __future__ import annotations

import enum
import re

from django.utils.translation import gettext as _

from deliveries.channels.base import Result, SendResult
from deliveries.channels.email.reply_rules import (
    ABOUT_US,
    AT_MAIL,
    AT_RECIPIENT,
    BY_SUBJECT,
    CREDENTIALS,
    ENHANCED,
    FULL,
    GREYLISTED,
    RATE,
    SENDER_POLICY,
    UNREACHABLE,
    UNWELCOME,
    WORDS,
    Fault,
    Meaning,
)
from recipients.vocabulary import FailureReason, FailureType

ENHANCED_CODE = re.compile(r"^(?:\d{3}[ -])?\s*([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
SERVICE_CLOSING = 421
# What a person needs of a reply; the rules look no further either, whatever a server sends.
DETAIL_LIMIT = 1000


class Stage(enum.Enum):
    """What the server was answering."""

    CONNECT = "connect"
    EHLO = "ehlo"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"
    QUIT = "quit"


BEFORE_RECIPIENT = (Stage.CONNECT, Stage.EHLO, Stage.AUTH, Stage.MAIL)
BEFORE_MAIL = (Stage.CONNECT, Stage.EHLO, Stage.AUTH)


def classify(stage: Stage, code: int, enhanced: str, text: str, *, direct: bool = False) -> SendResult:
    """What a reply that is no success means. Nothing before RCPT and nothing about us ever blames the recipient.

    `enhanced` is the RFC 3463 code, empty when there is none (then one at the start of the text counts). `direct`: the
    server is the receiver's own, not a relay of ours.
    """
    detail = text[:DETAIL_LIMIT]
    enhanced = enhanced or enhanced_code(detail)
    meaning = _meaning(stage, code, enhanced, detail)
    if code < 500 or enhanced.startswith("4"):
        return _temporary(stage, code, meaning, detail, slow_down=_asks_for_less(code, enhanced, detail))
    if stage in BEFORE_RECIPIENT and not _is_about_the_message(stage, code, enhanced):
        meaning = ABOUT_US
    if meaning.fault is Fault.OURS:
        return _our_fault(stage, code, enhanced, detail, direct)
    if meaning is FULL:
        return SendResult(Result.DEFERRED, FailureType.SOFT, meaning.reason, detail)
    return SendResult(Result.REFUSED, meaning.failure_type, meaning.reason, detail)


def unsent(detail: str, *, route_fault: str = "", receiver_fault: str = "", slow_down: bool = False) -> SendResult:
    """Certainly not delivered, and the recipient has nothing to do with it."""
    if route_fault or receiver_fault:
        return SendResult(Result.UNSENT, detail=detail, route_fault=route_fault, receiver_fault=receiver_fault)
    return SendResult(Result.UNSENT, FailureType.SOFT, FailureReason.UNREACHABLE, detail, slow_down=slow_down)


def invalid_domain(detail: str, failure_type: FailureType = FailureType.HARD) -> SendResult:
    """Nobody can receive mail at the domain; `detail` says how that is known."""
    return _refused(failure_type, FailureReason.INVALID_DOMAIN, detail)


def unsafe_address() -> SendResult:
    """An address that would not stay one on the wire."""
    return _refused(FailureType.IGNORED, FailureReason.BAD_QUALITY, _("This address can't be written in SMTP."))


def not_supported() -> SendResult:
    text = _("Address not supported by this server: it does not offer SMTPUTF8.")
    return _refused(FailureType.IGNORED, FailureReason.BAD_QUALITY, text)


def too_large(size: int, limit: int) -> SendResult:
    text = _("The message has %(size)d bytes and this server takes %(limit)d.") % {"size": size, "limit": limit}
    return _refused(FailureType.SOFT, FailureReason.REFUSED, text)


def enhanced_code(text: str) -> str:
    found = ENHANCED_CODE.match(text)
    return found.group(1) if found else ""


def _is_about_the_message(stage: Stage, code: int, enhanced: str) -> bool:
    return stage is Stage.MAIL and (enhanced.partition(".")[2] in AT_MAIL or (code == 552 and not enhanced))


def _refused(failure_type: FailureType, reason: FailureReason, text: str) -> SendResult:
    return SendResult(Result.REFUSED, failure_type, reason, text)


def _our_fault(stage: Stage, code: int, enhanced: str, detail: str, direct: bool) -> SendResult:
    """A relay that does not take us, or our credentials, takes no mail of this route at all."""
    wants_credentials = code in CREDENTIALS or enhanced.partition(".")[2] == "7.8"
    if not direct and (stage in BEFORE_MAIL or wants_credentials):
        return unsent(detail, route_fault=detail)
    return unsent(detail, receiver_fault=detail)


def _temporary(stage: Stage, code: int, meaning: Meaning, detail: str, *, slow_down: bool) -> SendResult:
    if stage in BEFORE_RECIPIENT or (code == 421 and stage is not Stage.DOT):
        return unsent(detail, slow_down=slow_down)
    return SendResult(Result.DEFERRED, FailureType.SOFT, meaning.reason, detail, slow_down=slow_down)


def _asks_for_less(code: int, enhanced: str, text: str) -> bool:
    """Whether a temporary refusal is about how much we send."""
    if GREYLISTED.search(text):
        return False
    return code == SERVICE_CLOSING or enhanced.startswith("4.7.") or RATE.search(text) is not None


def _meaning(stage: Stage, code: int, enhanced: str, text: str) -> Meaning:
    precise = enhanced.partition(".")[2]
    if SENDER_POLICY.fullmatch(precise):
        return ABOUT_US
    if precise in ENHANCED:
        return ENHANCED[precise]
    # A code that we have no rule for says no more than its class: the words are asked first.
    for words, meaning in WORDS:
        if words.search(text):
            return meaning
    if precise.partition(".")[0] in BY_SUBJECT:
        return BY_SUBJECT[precise.partition(".")[0]]
    if stage is Stage.RCPT and code in AT_RECIPIENT:
        return AT_RECIPIENT[code]
    return UNREACHABLE if 500 > code >= 400 and code != 450 else UNWELCOME
