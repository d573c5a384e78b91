"""The checker: reads the database and what the sinks took, and decides. The invariants are numbered as in the docs."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

from deliveries.models import Delivery, MessageStatus
from deliveries.models.broadlog import MESSAGE_MOVES
from tests.faults.installation import Installation
from tests.faults.witness import Witness

COUNTERS = ", ".join(Delivery.STATUS_COUNTERS)


@dataclass
class Verdict:
    """What was found when all was over: addresses by what our table says of them."""

    sent: set[str]
    doubtful: set[str]
    others: dict[str, int] = field(default_factory=dict)


def check(installation: Installation, *witnesses: Witness, doubts_at_most: int) -> Verdict:
    """I1 to I4, I7 and I8; raises AssertionError with what is wrong."""
    verdict = read_rows(installation)
    received: Counter[str] = Counter()
    for witness in witnesses:
        witness.look()
        assert witness.twice() == [], "I2: received twice"
        received.update(witness.copies)
    assert [address for address, copies in received.items() if copies > 1] == [], "I2: received twice"
    assert set(received) <= verdict.sent | verdict.doubtful, "I3: a mail without a row that says so"
    assert verdict.sent <= set(received), "I4: sent, and never received"
    assert len(verdict.doubtful) <= doubts_at_most, "I8: more in doubt than sessions were open"
    check_doubts_are_told(installation)
    check_account(installation)
    return verdict


def read_rows(installation: Installation) -> Verdict:
    verdict = Verdict(set(), set())
    for address, status, since in installation.query("SELECT address, status, in_doubt_since FROM deliveries_broadlog"):
        if since is not None:
            verdict.doubtful.add(address)
        elif status == MessageStatus.SENT:
            verdict.sent.add(address)
        else:
            verdict.others[address] = status
    return verdict


def check_doubts_are_told(installation: Installation) -> None:
    rows = installation.query(
        "SELECT attempts, failure_reason FROM deliveries_broadlog WHERE in_doubt_since IS NOT NULL"
    )
    assert all(attempts >= 1 and reason is not None for attempts, reason in rows), "I8: a doubt without its attempt"


def check_account(installation: Installation) -> None:
    targeted, *counted = installation.query(f"SELECT targeted, {COUNTERS} FROM deliveries_delivery")[0]
    assert targeted == sum(counted), "I1: the account does not add up"
    found = installation.query(
        "SELECT status, in_doubt_since IS NOT NULL, count(*) FROM deliveries_broadlog GROUP BY 1, 2"
    )
    told = {name: number for name, number in zip(Delivery.STATUS_COUNTERS, counted, strict=True) if number}
    assert told == {_counter(status, bool(doubt)): number for status, doubt, number in found}, "I7: counters and rows"


def _counter(status: int, in_doubt: bool) -> str:
    return "in_doubt" if in_doubt else MessageStatus(status).slug


class Sampler:
    """I1 and I6 while the faults happen: the account at each look, and how some of the rows move."""

    EVERY = 0.25

    def __init__(self, installation: Installation) -> None:
        self.looks = 0
        self.wrong: list[str] = []
        self._installation = installation
        self._statuses: dict[int, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()
        assert self.wrong == []
        assert error[0] is not None or self.looks > 0

    def _watch(self) -> None:
        while not self._over.wait(self.EVERY):
            try:
                self._look()
            except Exception:
                # The database may be the one that fails.
                continue
            self.looks += 1

    def _look(self) -> None:
        targeted, *counted = self._installation.query(f"SELECT targeted, {COUNTERS} FROM deliveries_delivery")[0]
        if targeted != sum(counted):
            self.wrong.append(f"I1: {targeted} targeted, {counted}")
        for number, status in self._installation.query(
            "SELECT id, status FROM deliveries_broadlog ORDER BY id LIMIT 200"
        ):
            before = self._statuses.setdefault(number, status)
            if before != status and not MESSAGE_MOVES.allows(before, status):
                self.wrong.append(f"I6: row {number} went from {before} to {status}")
            self._statuses[number] = status
