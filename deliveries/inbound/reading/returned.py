"""Where a report ends and the message that it returns begins."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deliveries.inbound.reading.phrases import RETURNED
from deliveries.inbound.reading.structure import Part, parse

QUOTED = re.compile(r"\s{0,3}>(?!>>|\s?[45]\d\d\b)(?!\s?(?:RCPT|DATA|MAIL)\b)")
# Only a message on its way has these; reports mention From, To and Subject in their own text.
_TRACE = re.compile(
    r"(?:received|return-path|message-id|mime-version|dkim-signature|x-received)[ \t]{0,3}:", re.IGNORECASE
)
_FIELD = re.compile(r"[!-9;-~]{2,60}[ \t]{0,3}:")
_ADDRESSED = re.compile(r"(?:from|to|subject|date)[ \t]{0,3}:", re.IGNORECASE)
_MARKER_LIMIT = 120
_BLOCK = 80
_HEADERS_ONLY = ("text/rfc822-headers", "text/rfc822-header", "message/rfc822-headers", "text/rfc822")
_MESSAGES = ("message/rfc822", "message/global", "message/partial")


@dataclass(frozen=True, slots=True)
class Report:
    """What the reporting system wrote, and the message that it returns (headers in lower case, empty without one)."""

    text: str
    original: Part


def is_message(part: Part) -> bool:
    return part.content_type in _MESSAGES or part.content_type in _HEADERS_ONLY


def separated(mail: Part) -> Report:
    """The mail's own words, and the message that it carries as a part or in its text."""
    texts, attached = _texts(mail)
    report, rest = split("\n\n".join(texts))
    if attached is None:
        attached = parse(_from_first_field(rest).encode("utf-8", "replace"))
    return Report(report, attached)


def split(text: str) -> tuple[str, str]:
    """The report and the returned message of a text that holds both."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if len(line) <= _MARKER_LIMIT and number and RETURNED.match(line) and _something_follows(lines, number):
            return "\n".join(lines[:number]), "\n".join(lines[number + 1 :])
        if _TRACE.match(line) and _is_header(lines, number):
            start = _start_of_block(lines, number)
            return "\n".join(lines[:start]), "\n".join(lines[start:])
    return text, ""


def _texts(mail: Part) -> tuple[list[str], Part | None]:
    texts: list[str] = []
    for part in _readable(mail):
        if is_message(part):
            inner = part.body if part.content_type in _MESSAGES else part.text().encode("utf-8", "replace")
            return texts, parse(inner.lstrip())
        texts.append(part.text())
    return texts, None


def _readable(part: Part) -> list[Part]:
    if part.content_type == "multipart/alternative" and part.parts:
        plain = [inner for inner in part.parts if inner.content_type == "text/plain" and inner.body.strip()]
        return plain[:1] or _readable_all(part.parts)
    if part.parts:
        return _readable_all(part.parts)
    # A multipart without parts is a text whose boundary got lost.
    broken = part.content_type.startswith("multipart/")
    return [part] if broken or is_message(part) or part.content_type.startswith("text/") else []


def _readable_all(parts: tuple[Part, ...]) -> list[Part]:
    return [readable for part in parts for readable in _readable(part)]


def _something_follows(lines: list[str], number: int) -> bool:
    """A marker is one only when it isn't the last word, and what follows isn't the report itself."""
    return any(line.strip() for line in lines[number + 1 : number + 12])


def _is_header(lines: list[str], number: int) -> bool:
    block = 0
    for line in lines[number : number + _BLOCK]:
        if not line.strip():
            break
        block += 1 if _ADDRESSED.match(line) else 0
    return block > 0 or _is_field(lines, number + 1)


def _is_field(lines: list[str], number: int) -> bool:
    return number < len(lines) and bool(_TRACE.match(lines[number]))


def _start_of_block(lines: list[str], number: int) -> int:
    while number and (
        _FIELD.match(lines[number - 1]) or (lines[number - 1][:1] in (" ", "\t") and lines[number - 1].strip())
    ):
        number -= 1
    return number


def _from_first_field(text: str) -> str:
    """The text from where header fields begin; empty when there are none."""
    lines = text.split("\n")
    start = next((number for number, line in enumerate(lines) if _FIELD.match(line)), len(lines))
    return "\n".join(lines[start:])
