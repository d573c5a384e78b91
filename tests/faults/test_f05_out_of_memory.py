"""F05: the system takes the memory away: it kills a sender, or grants it no more."""

from __future__ import annotations

import os
import re
import resource
import signal
from pathlib import Path

import pytest

from deliveries.models import DeliveryState
from tests.faults.checker import check
from tests.faults.conftest import SLOW, with_manners
from tests.faults.installation import Installation
from tests.faults.settling import settle_by_witness
from tests.faults.witness import Witness

pytestmark = [pytest.mark.smtp_sink, pytest.mark.slow, pytest.mark.xdist_group("faults")]
RECIPIENTS, CONNECTIONS, KILLS = 800, 8, 2


@with_manners(*SLOW)
def test_f05_a_sender_killed_for_its_memory_is_replaced_and_nothing_is_doubled_or_lost(
    on_sqlite: Installation, sink: Witness, tmp_path: Path
) -> None:
    on_sqlite.fill(RECIPIENTS, connections=CONNECTIONS)
    with on_sqlite.running("mta", "start"):
        for _number in range(KILLS):
            before = sink.count()
            on_sqlite.wait_until(lambda: sink.count() > before + 50)  # noqa: B023
            (sender,) = on_sqlite.senders()
            os.kill(sender, signal.SIGKILL)
        on_sqlite.wait_until(lambda: on_sqlite.state() == DeliveryState.FINISHED)

        verdict = check(on_sqlite, sink, doubts_at_most=KILLS * CONNECTIONS)
        assert len(verdict.sent) + len(verdict.doubtful) == RECIPIENTS
        if verdict.doubtful:
            answer = settle_by_witness(on_sqlite, sink, tmp_path)
            assert answer["sent"] + answer["resent"] == len(verdict.doubtful)
        on_sqlite.wait_until(lambda: on_sqlite.state() == DeliveryState.FINISHED)

    assert len(check(on_sqlite, sink, doubts_at_most=0).sent) == RECIPIENTS


def test_f05_a_sender_that_is_granted_no_more_memory_fails_no_message(on_sqlite: Installation, sink: Witness) -> None:
    recipients = 300
    on_sqlite.fill(recipients, connections=CONNECTIONS)
    # Mails of some 300 kB: each asks the system for memory.
    on_sqlite.execute("UPDATE deliveries_contentversion SET compiled_text = compiled_text || hex(randomblob(150000))")
    with on_sqlite.running("mta", "start"):
        on_sqlite.wait_until(lambda: sink.count() > 20)
        (sender,) = on_sqlite.senders()
        resource.prlimit(sender, resource.RLIMIT_AS, (address_space(sender), resource.RLIM_INFINITY))
        # Another one takes its place, with memory.
        on_sqlite.wait_until(lambda: "no memory is left" in on_sqlite.log())
        on_sqlite.wait_until(lambda: on_sqlite.state() == DeliveryState.FINISHED)

    verdict = check(on_sqlite, sink, doubts_at_most=CONNECTIONS)
    assert verdict.others == {}
    assert len(verdict.sent) + len(verdict.doubtful) == recipients


def address_space(pid: int) -> int:
    size = re.search(r"VmSize:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert size is not None
    return int(size[1]) * 1024
