"""Notices in JSON that a provider sends by mail instead of a report (Amazon SES by way of SNS)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from deliveries.inbound.reading import rfc3464
from deliveries.inbound.reading.found import Finding, enhanced_codes
from deliveries.inbound.reading.verdict import Kind

_KINDS = {"bounce": Kind.BOUNCE, "complaint": Kind.COMPLAINT, "delivery": Kind.DELIVERED}
_MARKS = ('"notificationType"', '"eventType"')


@dataclass(frozen=True, slots=True)
class Notice:
    kind: Kind
    findings: tuple[Finding, ...]
    message_id: str = ""
    sender: str = ""
    feedback_type: str = ""


def notice(text: str) -> Notice | None:
    """The notice that the text consists of, or None."""
    start = text.find("{")
    if start < 0 or not any(mark in text for mark in _MARKS):
        return None
    document = _document(text[start:])
    kind = _KINDS.get(str(document.get("notificationType") or document.get("eventType")).lower())
    mail, event = document.get("mail"), document.get(str(kind and _name(kind)))
    if kind is None or not isinstance(mail, dict) or not isinstance(event, dict):
        return None
    return Notice(
        kind=kind,
        findings=tuple(_findings(kind, event)),
        message_id=_message_id(mail),
        sender=str(mail.get("source", "")),
        feedback_type=str(event.get("complaintFeedbackType") or "abuse") if kind is Kind.COMPLAINT else "",
    )


def _document(text: str) -> dict[str, Any]:
    try:
        # Long lines are folded on their way; between values a line break means nothing.
        document, _end = json.JSONDecoder(strict=False).raw_decode(text.replace("\n", ""))
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _name(kind: Kind) -> str:
    return next(name for name, value in _KINDS.items() if value is kind)


def _findings(kind: Kind, event: dict[str, Any]) -> list[Finding]:
    if kind is Kind.DELIVERED:
        said = str(event.get("smtpResponse", ""))
        return [Finding(str(address), "delivered", _code(said), said) for address in _list(event, "recipients")]
    rows = _list(event, "bouncedRecipients") or _list(event, "complainedRecipients")
    return [_finding(row, event) for row in rows if isinstance(row, dict)]


def _finding(row: dict[str, Any], event: dict[str, Any]) -> Finding:
    said = str(row.get("diagnosticCode") or event.get("bounceSubType") or "")
    status = str(row.get("status") or "") or _code(said)
    temporary = str(event.get("bounceType", "")).lower() == "transient" and not status
    return Finding(
        address=str(row.get("emailAddress", "")),
        action=str(row.get("action") or rfc3464.FAILED).lower(),
        status="4.0.0" if temporary else status,
        diagnostic=said.partition(";")[2].strip() or said,
    )


def _code(said: str) -> str:
    return next(iter(enhanced_codes(said)), "")


def _list(values: dict[str, Any], name: str) -> list[Any]:
    found = values.get(name)
    return found[:100] if isinstance(found, list) else []


def _message_id(mail: dict[str, Any]) -> str:
    for header in _list(mail, "headers"):
        if isinstance(header, dict) and str(header.get("name", "")).lower() == "message-id":
            return str(header.get("value", ""))
    return ""
