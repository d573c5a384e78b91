"""Bounces that are no standard report: whom a text names as not reached, and what stands near the address.

Mail systems word it in hundreds of ways, but they write few layouts: the address at the beginning of its own line,
with or without a colon and the reason; the dialogue with the other server; a sentence that names the address.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from deliveries.inbound.reading.found import Finding, addresses_in, reply_codes
from deliveries.inbound.reading.phrases import OFFICES, says_undelivered
from deliveries.inbound.reading.returned import QUOTED

LINES_LIMIT = 600
LINE_LIMIT = 1000
RECIPIENTS_LIMIT = 100
# How far below "could not be delivered to" a list of addresses may reach, and how long the reason of one may be.
LIST_REACH = 15
REASON_REACH = 20
DIAGNOSTIC_LIMIT = 2000

# The server was asked for this very address, or refuses it by name.
_ASKED = re.compile(r"\bRCPT(?:[ _]TO)?: ?<?\s?(?=[^\s<>]{1,64}@)", re.IGNORECASE)
_LABELLED = re.compile(
    r"^\W{0,8}(?:(?:failed |final |original )?recipient|address|to)\s?(?:address)?: ?<?[^\s<>]{1,64}@", re.I
)
_BEFORE_COLON = re.compile(r"^\s{0,8}<?[^\s<>:]{1,64}@[^\s<>:]{1,250}>?\s?:(?:\s|$)")
_IN_REPLY = re.compile(
    r"^[\s<>]{0,8}\(?(?:reason: )?[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3} )?"
    r"<?[^\s<>]{1,64}@[^\s<>]{1,250}>?(?:\.\.\.|[:,;]|\s|$)",
    re.I,
)
_ALONE = re.compile(
    r"^[\s>*•·–-]{0,20}(?:\"?[^\"<>@]{0,60}\"? ?)?"
    r"[<(]?[^\s<>()@]{1,64}@[^\s<>()@]{1,250}[>)]?[\s.;,]{0,4}(?:[\[(<].{0,300})?$"
)
_DATED = re.compile(r"^\s{0,20}<?[^\s<>@]{1,64}@[^\s<>@]{1,250}>? on \w{3},? ")
_EXPANDED = re.compile(r"\bexpanded from:?", re.IGNORECASE)
_ORIGIN = re.compile(r"\b(?:from|sender|de|von|mail from|reply-to|x-postfix-sender|envelope-from)\s?:", re.IGNORECASE)

# Read by themselves where they stand in a text.
_STATUS_FIELD = re.compile(
    r"\s{0,8}(?:(?:final|original|x-actual)-recipient|reporting-mta|received-from-mta|arrival-date|x-postfix-[\w-]{1,20})\s?:",
    re.I,
)

STRONG, LISTED, MENTIONED = 3, 2, 1


@dataclass(frozen=True, slots=True)
class _Place:
    line: int
    grade: int
    address: str


def named_in(text: str, senders: Collection[str]) -> list[Finding]:
    """The recipients that a report in plain text says were not reached, never one of `senders` (in lower case)."""
    lines = report_lines(text)
    places = _places(lines, senders)
    best = [place for place in places if place.grade >= LISTED] or places
    addresses = list(dict.fromkeys(place.address.lower() for place in best))[:RECIPIENTS_LIMIT]
    first = {place.address.lower(): place.address for place in reversed(best)}
    return [Finding(first[key], diagnostic=_said_about(key, best, lines)) for key in addresses]


def diagnostic_for(address: str, text: str) -> str:
    """What the text says next to the address; empty when it does not name it."""
    lines = report_lines(text)
    wanted = address.lower()
    places = [
        _Place(number, STRONG, found)
        for number, line in enumerate(lines)
        for found in addresses_in(line)
        if not _ORIGIN.search(line)
    ]
    return _said_about(wanted, places, lines) if any(place.address.lower() == wanted for place in places) else ""


def report_lines(text: str) -> list[str]:
    """The lines of a report, without those that quote somebody."""
    lines = [line[:LINE_LIMIT] for line in text.split("\n")[:LINES_LIMIT]]
    return [line for line in lines if not QUOTED.match(line) and not _STATUS_FIELD.match(line)]


def _places(lines: list[str], senders: Collection[str]) -> list[_Place]:
    places: list[_Place] = []
    said_at = -LIST_REACH * 100
    announced = any(says_undelivered(line) for line in lines)
    for number, line in enumerate(lines):
        if says_undelivered(line):
            said_at = number
        addresses = addresses_in(line) if "@" in line else []
        if not addresses or len(addresses) > 5:
            continue
        near = not announced or number - said_at <= LIST_REACH
        grade = _grade(line, near=near, said_here=number - said_at <= 1)
        chosen = _named_by(line, addresses, grade, senders)
        if chosen:
            places.append(_Place(number, grade, chosen))
            # A list goes on as long as it names somebody.
            said_at = number if near and grade >= LISTED else said_at
    return places


def _grade(line: str, *, near: bool, said_here: bool) -> int:
    if _ASKED.search(line) or _IN_REPLY.match(line):
        return STRONG
    if _EXPANDED.search(line) or _ORIGIN.search(line):
        return 0
    if near and (_BEFORE_COLON.match(line) or _LABELLED.match(line)):
        return STRONG
    if near and (_ALONE.match(line) or _DATED.match(line)):
        return LISTED
    return MENTIONED if said_here else 0


def _named_by(line: str, addresses: list[str], grade: int, senders: Collection[str]) -> str:
    asked = _ASKED.search(line)
    if asked:
        # Whoever the server was asked for is the recipient, even if people write to themselves.
        return next(iter(addresses_in(line[asked.end() :])), "")
    if not grade:
        return ""
    others = (address for address in addresses if address.lower() not in senders and not OFFICES.match(address))
    return next(others, "")


def _said_about(address: str, places: list[_Place], lines: list[str]) -> str:
    said: list[str] = []
    for place in places:
        if place.address.lower() == address:
            following = [other.line for other in places if other.line > place.line and other.address.lower() != address]
            end = min([*following, place.line + REASON_REACH, len(lines)])
            said += [line for line in lines[place.line : end] if line not in said]
    return telling("\n".join(said))


def telling(text: str) -> str:
    """The part of a text that tells why: from the first reply of a server on, else all of it."""
    lines = text.split("\n")
    start = next((number for number, line in enumerate(lines) if reply_codes(line)), None)
    if start is not None:
        lines = _to_next_gap(lines[start:])
    return " ".join(" ".join(lines).split())[:DIAGNOSTIC_LIMIT]


def _to_next_gap(lines: list[str]) -> list[str]:
    """Up to the first empty line after which no server speaks."""
    for number, line in enumerate(lines):
        if not line.strip() and not any(reply_codes(later) for later in lines[number:]):
            return lines[:number]
    return lines
