"""What a text would mean to the rules in force: for people who write rules."""

from __future__ import annotations

import re

from deliveries.inbound.reading.reader import Reader
from deliveries.inbound.reading.rules import Rules
from deliveries.inbound.reading.verdict import Reading, one_line

TEXT_LIMIT = 200_000
# Whoever a lone diagnostic is about.
SOMEBODY = "somebody@example.com"
_MAIL = re.compile(r"(?im)\A\s*(?:from |(?:return-path|received|from|delivered-to|subject|x-[\w-]{1,60})\s?:)")


def try_text(text: str, rules: Rules) -> Reading:
    """The reading of a whole mail (its source), or of a diagnostic alone. Raises Unreadable."""
    with Reader(rules) as reader:
        return reader.read(_as_mail(text[:TEXT_LIMIT]))


def _as_mail(text: str) -> bytes:
    if _MAIL.match(text):
        return text.lstrip().encode("utf-8", "replace")
    fields = [
        "Content-Type: message/delivery-status; charset=utf-8",
        "",
        f"Final-Recipient: rfc822; {SOMEBODY}",
        "Action: failed",
        f"Diagnostic-Code: smtp; {one_line(text)}",
    ]
    return "\n".join([*fields, ""]).encode("utf-8", "replace")
