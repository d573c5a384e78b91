"""F25: one message brings down each process that makes it, as a fault in a library would."""

from __future__ import annotations

import math
import signal
import time

import pytest

from deliveries.models import DeliveryState, MessageStatus
from recipients.vocabulary import FailureReason
from tests.faults.checker import check
from tests.faults.installation import Installation
from tests.faults.witness import Witness

pytestmark = [pytest.mark.smtp_sink, pytest.mark.slow, pytest.mark.xdist_group("faults")]


def test_f25_the_killer_of_eight_is_found_and_fails_and_the_others_are_sent(
    on_sqlite: Installation, sink: Witness
) -> None:
    isolate(on_sqlite, sink, recipients=8, killer=6)


@pytest.mark.full
@pytest.mark.timeout(600)
def test_f25_the_killer_of_five_hundred_is_found_and_fails_and_the_others_are_sent(
    on_sqlite: Installation, sink: Witness
) -> None:
    isolate(on_sqlite, sink, recipients=500, killer=333)


def isolate(installation: Installation, sink: Witness, *, recipients: int, killer: int) -> None:
    installation.fill(recipients, connections=1)
    poison = f"person{killer}@example.com"
    environment = {"DJANGO_SETTINGS_MODULE": "tests.faults.poisoned_settings", "POISONED_ADDRESS": poison}

    deaths = 0
    while True:
        with installation.sending(**environment) as sender:
            deadline = time.monotonic() + 60
            while sender.poll() is None and installation.state() != DeliveryState.FINISHED:
                assert time.monotonic() < deadline, installation.told()
                time.sleep(0.05)
            if sender.poll() is None:
                break
            assert sender.poll() == -signal.SIGSEGV, installation.log()
        deaths += 1
        assert deaths <= math.log2(recipients) + 3, installation.told()

    assert deaths > 1
    # The one before it may be on its way when the process dies.
    verdict = check(installation, sink, doubts_at_most=deaths)
    assert verdict.others == {poison: MessageStatus.FAILED}
    assert len(verdict.sent) + len(verdict.doubtful) == recipients - 1
    reasons = installation.query("SELECT failure_reason FROM deliveries_broadlog WHERE status = 2")
    assert reasons == [(FailureReason.PERSONALISATION,)]
