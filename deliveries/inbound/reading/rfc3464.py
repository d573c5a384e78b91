"""Delivery status notifications (RFC 3464, 6522): the fields of each recipient, also where they stand in plain text."""

from __future__ import annotations

import re

from deliveries.inbound.reading.found import Finding, address_of, enhanced_codes
from deliveries.inbound.reading.structure import Part, header_block

FAILED, DELAYED = "failed", "delayed"
ARRIVED = ("delivered", "relayed", "expanded")
# Which of them names the recipient: what the server delivers to counts, then what the sender had asked for.
_RECIPIENT = ("final-recipient", "original-recipient", "x-actual-recipient")
_OF_RECIPIENT = (*_RECIPIENT, "action", "status", "diagnostic-code")
_FIELD_LINE = re.compile(r"(?im)^[ \t]{0,8}(?:final|original)-recipient[ \t]{0,3}:")
_COMMENT = re.compile(r"\(([^()]{0,200})\)")


def reported(mail: Part) -> list[Finding]:
    """The recipients that the mail's delivery status names; those without a usable address have an empty one."""
    findings = []
    for part in mail.walk():
        if part.content_type.startswith("message/") and "delivery-status" in part.content_type:
            findings += findings_in(part.text())
    return findings


def findings_in(text: str) -> list[Finding]:
    """The recipients in a block of delivery status fields."""
    records = [record for group in re.split(r"\n[ \t]*\n", text) for record in _records(group)]
    return [_finding(record) for record in _joined(records) if record.keys() & set(_RECIPIENT)]


def has_fields(text: str) -> bool:
    """Whether a plain text carries delivery status fields."""
    return _FIELD_LINE.search(text) is not None


def _records(group: str) -> list[dict[str, str]]:
    """One record a recipient; a field that comes again begins the next recipient even without an empty line."""
    records: list[dict[str, str]] = [{}]
    for name, value in header_block(_flush_left(group)):
        if name not in _OF_RECIPIENT:
            continue
        if name in records[-1]:
            records.append({})
        records[-1][name] = value
    return [record for record in records if record]


def _flush_left(group: str) -> str:
    """Reports quoted in a text may be indented as a whole."""
    lines = group.strip("\n").split("\n")
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[indent:] for line in lines)


def _joined(records: list[dict[str, str]]) -> list[dict[str, str]]:
    """Some systems part one recipient's fields by an empty line."""
    joined: list[dict[str, str]] = []
    for record in records:
        if joined and not joined[-1].keys() & record.keys() and not set(_RECIPIENT) & record.keys():
            joined[-1] = {**joined[-1], **record}
            continue
        joined.append(record)
    return joined


def _finding(record: dict[str, str]) -> Finding:
    address = next((found for name in _RECIPIENT if (found := address_of(record.get(name, "")))), "")
    status = next(iter(enhanced_codes(record.get("status", ""))), "")
    diagnostic = _diagnostic(record)
    return Finding(address, _action(record.get("action", ""), status), status, diagnostic)


def _diagnostic(record: dict[str, str]) -> str:
    value = record.get("diagnostic-code", "")
    kind, separator, text = value.partition(";")
    said = text if separator and " " not in kind.strip() else value
    # A few systems explain themselves in a comment of the status.
    explained = " ".join(_COMMENT.findall(record.get("status", "")))
    return " ".join(filter(None, (said.strip(), explained)))


def _action(value: str, status: str) -> str:
    word = value.strip().lower().partition(" ")[0].strip("()")
    if word in (FAILED, DELAYED, *ARRIVED):
        return word
    if word.startswith("fail"):
        return FAILED
    return ARRIVED[0] if status.startswith("2") else FAILED
