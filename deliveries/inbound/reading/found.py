"""What is found in a mail before anybody asks what it means: addresses, codes, the stage of the dialogue."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_LOCAL = r"(?:\"[^\"\s@]{1,64}\"|[^\s<>()\[\]{}:;,\"'@|\\]{1,64})"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
ADDRESS = re.compile(rf"(?<![^\s<>()\[\]{{}}:;,\"'|=])({_LOCAL}@{_LABEL}(?:\.{_LABEL}){{1,10}})")
_BARE = re.compile(rf"\A{_LOCAL}@{_LABEL}(?:\.{_LABEL}){{0,10}}\Z")
_PERSON = re.compile(r"mailto:", re.IGNORECASE)

# A code stands alone: no part of a version, an IP address or a queue number.
ENHANCED = re.compile(r"(?<![\w.])([245]\.\d{1,3}\.\d{1,3})(?![\d-]|\.\d)")
REPLY = re.compile(
    r"(?:^|[\s:;#'\"(\[<>])(4[25]\d|43[0-5]|5[0257]\d|54[0-5])"
    r"(?=[ \t#-]|[:,] )[ \t#:,-]{1,3}'?(?:<?([245]\.\d{1,3}\.\d{1,3})(?![\d-]|\.\d))?"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One recipient as the mail speaks of it."""

    address: str
    # RFC 3464's action in lower case; empty when the mail is no such report.
    action: str = ""
    status: str = ""
    # What the server or the reporting system said about this recipient.
    diagnostic: str = ""

    def with_more(self, **changes: str) -> Finding:
        return replace(self, **changes)


def addresses_in(text: str) -> list[str]:
    """The addresses in a text, in its order, each once."""
    found: dict[str, str] = {}
    for address in ADDRESS.findall(_PERSON.sub(" ", text)):
        found.setdefault(address.lower(), address.strip("."))
    return list(found.values())


def address_of(value: str) -> str:
    """The one address that a field holds (`rfc822; user@host`, `<user@host>`), empty when it holds none."""
    bare = value.rpartition(";")[2].strip().strip("<>").strip()
    if _BARE.match(bare):
        return bare
    return next(iter(addresses_in(value)), "")


def is_same(one: str, other: str) -> bool:
    return one.strip("<>").lower() == other.strip("<>").lower()


def enhanced_codes(text: str) -> list[str]:
    return ENHANCED.findall(text)


def reply_codes(text: str) -> list[tuple[str, str]]:
    """(basic code, enhanced code beside it or "") of each reply of a server that the text quotes."""
    return REPLY.findall(text)
