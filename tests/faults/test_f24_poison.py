"""F24: one recipient of a hundred is poison for the renderer or for the server; the others get their mail."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from deliveries.models import MessageStatus
from recipients.vocabulary import FailureReason
from tests.faults.checker import check
from tests.faults.installation import Installation
from tests.faults.witness import Witness

pytestmark = [pytest.mark.smtp_sink, pytest.mark.slow, pytest.mark.xdist_group("faults")]
RECIPIENTS, CONNECTIONS = 2000, 8
# Harmless but for what recipients bring along.
TEXT = (
    "Hello {{ recipient.first_name }}, {{ recipient.attributes.points|int }} points."
    "{% for a in recipient.attributes.items %}{% for b in recipient.attributes.items %}{% for c in "
    "recipient.attributes.items %}{{ a }}{% endfor %}{% endfor %}{% endfor %}"
    "{% for a in recipient.attributes.pages %}{% for b in recipient.attributes.pages %}{{ a }}{% endfor %}{% endfor %}"
)
GOOD = {"points": 3, "items": [], "pages": []}
# Attributes that no message can be made of. A surrogate alone is no character.
POISON = {
    "no number": {**GOOD, "points": "many"},
    "a loop of a million rounds": {**GOOD, "items": list(range(100))},
    "more than a mail may hold": {**GOOD, "pages": ["x" * 1024] * 60},
    "a surrogate": {**GOOD, "points": "\ud800"},
}
BAD_ADDRESSES = ["no-at-sign", "two@at@example.com", "a b@example.com", "x@example.com>\r\nRCPT TO:<eve@example.com"]
# Unusual, and no poison: line separators and direction marks in a name.
ODD_NAMES = ["Zoë\u2028Bcc: eve@example.com", "A\r\nBcc: eve@example.com", "\x85\x0b\x0c", "\u202eada", "<b>&{{ 1/0 }}"]


def test_f24_exactly_the_poisoned_fail_and_the_others_are_sent(on_sqlite: Installation, sink: Witness) -> None:
    on_sqlite.fill(RECIPIENTS, connections=CONNECTIONS, text=TEXT)
    poisoned, unreachable = add_poison(on_sqlite)

    on_sqlite.finish()

    verdict = check(on_sqlite, sink, doubts_at_most=0)
    assert len(poisoned) + len(unreachable) == RECIPIENTS // 100
    assert verdict.others == dict.fromkeys([*poisoned, *unreachable], MessageStatus.FAILED)
    assert len(verdict.sent) == RECIPIENTS - len(verdict.others)
    reasons = dict(on_sqlite.query("SELECT address, failure_reason FROM deliveries_broadlog WHERE status = 2"))
    assert {reasons[address] for address in poisoned} == {FailureReason.PERSONALISATION}
    names = header_names(sink)
    assert b"Subject" in names
    assert b"Bcc" not in names


def add_poison(installation: Installation) -> tuple[list[str], list[str]]:
    """The addresses of those whose message can't be made, and of those who can't be written to."""
    poisoned, unreachable = [], []
    with closing(sqlite3.connect(installation.folder / "test.sqlite3", timeout=30)) as connection, connection:
        connection.execute("UPDATE recipients_recipient SET attributes = ?", [json.dumps(GOOD)])
        for number in range(16):
            attributes = json.dumps(list(POISON.values())[number % len(POISON)])
            row = 100 * number + 50
            connection.execute("UPDATE recipients_recipient SET attributes = ? WHERE id = ?", [attributes, row])
            poisoned.append(f"person{row}@example.com")
        for number, address in enumerate(BAD_ADDRESSES):
            connection.execute("UPDATE deliveries_broadlog SET address = ? WHERE id = ?", [address, 1700 + number])
            unreachable.append(address)
        for number, name in enumerate(ODD_NAMES):
            connection.execute("UPDATE recipients_recipient SET first_name = ? WHERE id = ?", [name, 1800 + number])
    return poisoned, unreachable


def header_names(sink: Witness) -> set[bytes]:
    """Of all mails, the names of the headers that came after DATA."""
    names, in_head = set(), False
    for line in sink.dump.read_bytes().split(b"\n"):
        if line.startswith(b"X-Client-Addr: "):
            in_head = True
        elif not line:
            in_head = False
        elif in_head and not line.startswith((b" ", b"\t")):
            names.add(line.partition(b":")[0])
    return names
