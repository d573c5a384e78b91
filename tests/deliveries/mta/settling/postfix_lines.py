"""Lines as Postfix writes them, in the machine's zone or with their offset."""

from __future__ import annotations

from datetime import UTC, datetime

from deliveries.channels.email.addresses import message_id
from deliveries.mta.settling.postfix import machine_zone


def stamp(at: datetime, *, precise: bool = False) -> str:
    if precise:
        return at.astimezone(UTC).isoformat(timespec="microseconds")
    return at.astimezone(machine_zone()).strftime("%b %e %H:%M:%S")


def line(at: datetime, said: str, *, daemon: str = "qmgr", precise: bool = False) -> str:
    return f"{stamp(at, precise=precise)} relay postfix/{daemon}[4711]: {said}\n"


def seen(at: datetime, entry: str, broadlog_id: int) -> str:
    return line(at, f"{entry}: message-id={message_id(broadlog_id, 'example.com')}", daemon="cleanup")


def taken(at: datetime, entry: str, broadlog_id: int, *, then: str = "sent", text: str = "250 2.0.0 Ok") -> str:
    """What is written of a message that entered the queue and met an end."""
    dsn = {"sent": "2.0.0", "deferred": "4.4.1", "bounced": "5.1.1"}[then]
    outcome = f"{entry}: to=<a@example.org>, relay=mx[192.0.2.1]:25, delay=0.1, dsn={dsn}, status={then} ({text})"
    lines = [
        line(at, f"{entry}: client=localhost[127.0.0.1]", daemon="smtpd"),
        seen(at, entry, broadlog_id),
        line(at, f"{entry}: from=<b@example.com>, size=612, nrcpt=1 (queue active)"),
        line(at, outcome, daemon="smtp"),
    ]
    return "".join([*lines, *([] if then == "deferred" else [line(at, f"{entry}: removed")])])
