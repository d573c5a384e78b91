"""Where our signed token may stand in a mail. Finding it proves nothing: whoever applies the reading verifies it."""

from __future__ import annotations

import re

from deliveries.inbound.reading.found import addresses_in
from deliveries.inbound.reading.returned import is_message
from deliveries.inbound.reading.structure import Part

TOKENS_LIMIT = 40
TOKEN_LENGTH = 320
_ENVELOPE = ("x-original-to", "delivered-to", "envelope-to", "x-envelope-to", "x-forwarded-to", "x-real-to", "to", "cc")
_ORIGINAL_SENDER = (
    "return-path",
    "sender",
    "x-original-from",
    "x-envelope-from",
    "errors-to",
    "x-sender",
    "feedback-id",
)
_REPORTED_SENDER = ("x-postfix-sender", "original-mail-from", "original-envelope-id", "x-original-sender")
_THREAD = ("in-reply-to", "references")
_MESSAGE_ID = re.compile(r"<[^\s<>]{3,300}>")
_ENVELOPE_FROM = re.compile(
    r"envelope[- ](?:from|sender)[ :]{0,3}<?([^\s<>()]{3,320}@[^\s<>()]{1,253})>?", re.IGNORECASE
)
_FOR = re.compile(r"\bfor <([^\s<>]{3,320})>")


def tokens(mail: Part, original: Part, report: str) -> tuple[str, ...]:
    """Addresses and Message-IDs, the most telling first: whom this mail was sent to, then what it is about."""
    found = [*inbound_addresses(mail)]
    for value in [*original.all(*_ORIGINAL_SENDER), *_reported(mail)]:
        found += addresses_in(value) or [value.strip()]
    for value in original.all("received"):
        found += _ENVELOPE_FROM.findall(value)
    for value in [original.header("message-id"), *mail.all(*_THREAD), *original.all(*_THREAD)]:
        found += _MESSAGE_ID.findall(value)
    found += _MESSAGE_ID.findall(_message_id_line(report))
    usable = (token for token in found if 2 < len(token) <= TOKEN_LENGTH and token.isprintable())
    return tuple(dict.fromkeys(usable))[:TOKENS_LIMIT]


def inbound_addresses(mail: Part) -> list[str]:
    """Every address that the mail says it was sent to, its path included."""
    found = [address for value in mail.all(*_ENVELOPE) for address in addresses_in(value)]
    for value in mail.all("received"):
        found += _FOR.findall(value)
    return list(dict.fromkeys(found))


def original_message_id(original: Part, report: str) -> str:
    found = _MESSAGE_ID.search(original.header("message-id")) or _MESSAGE_ID.search(_message_id_line(report))
    return found.group(0)[:TOKEN_LENGTH] if found else ""


def _message_id_line(report: str) -> str:
    """Some reports name the message in their own text only."""
    found = re.search(r"(?im)^.{0,20}message[- ]?id\w{0,10}[: ]{1,5}(.{0,320})$", report)
    return found.group(1) if found else ""


def _reported(mail: Part) -> list[str]:
    """Who sent the message according to the fields of a report."""
    values = []
    for part in mail.walk():
        if part.content_type.startswith("message/") and not is_message(part):
            lines = part.text().split("\n")[:200]
            values += [line.partition(":")[2].rpartition(";")[2] for line in lines if _names_sender(line)]
    return values


def _names_sender(line: str) -> bool:
    return line.partition(":")[0].strip().lower() in _REPORTED_SENDER
