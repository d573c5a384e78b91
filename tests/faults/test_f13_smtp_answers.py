"""F13: 421, 4xx, 5xx and a hang-up at each stage of a real smtp-sink: 28 cells, judged by what it stored."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from deliveries.channels.base import Result
from recipients.vocabulary import FailureType
from tests.deliveries.channels.email.test_smtp import send
from tests.smtp_server import message, smtp_sink

NAMES = {
    "CONNECT": "CONNECT",
    "EHLO": "EHLO,HELO",
    "MAIL": "MAIL",
    "RCPT": "RCPT",
    "DATA": "DATA",
    ".": ".",
    "QUIT": "QUIT",
}
FAULTS = {"421": "-Q", "4xx": "-r", "5xx": "-f", "hang-up": "-q"}
BLAMELESS = (Result.UNSENT, None)
OUTCOMES: dict[tuple[str, str], tuple[Result, FailureType | None]] = {
    ("421", "."): (Result.DEFERRED, FailureType.SOFT),
    ("4xx", "RCPT"): (Result.DEFERRED, FailureType.SOFT),
    ("4xx", "DATA"): (Result.DEFERRED, FailureType.SOFT),
    ("4xx", "."): (Result.DEFERRED, FailureType.SOFT),
    ("5xx", "RCPT"): (Result.REFUSED, FailureType.SOFT),
    ("5xx", "DATA"): (Result.REFUSED, FailureType.SOFT),
    ("5xx", "."): (Result.REFUSED, FailureType.SOFT),
    ("hang-up", "."): (Result.IN_DOUBT, FailureType.UNDEFINED),
    **{(fault, "QUIT"): (Result.ACCEPTED, None) for fault in FAULTS},
    **{("5xx", stage): BLAMELESS for stage in ("CONNECT", "EHLO", "MAIL")},
}


@pytest.mark.smtp_sink
@pytest.mark.parametrize(("fault", "stage"), list(itertools.product(FAULTS, NAMES)))
def test_f13_an_answer_at_a_stage_has_its_outcome(tmp_path: Path, fault: str, stage: str) -> None:
    expected = OUTCOMES.get((fault, stage), (Result.UNSENT, FailureType.SOFT))

    with smtp_sink(tmp_path, FAULTS[fault], NAMES[stage]) as sink:
        outbox = send(sink.port, [message(number) for number in range(1, 4)])
        stored = len(sink.dumps())

    assert [(each.result, each.failure_type) for each in outbox.results.values()] == [expected] * 3
    # This sink writes its dump before it answers the dot, whatever it answers: only before the dot is a mail nowhere.
    assert stored == (3 if stage in (".", "QUIT") else 0)
    faults = {(bool(each.route_fault), bool(each.receiver_fault)) for each in outbox.results.values()}
    assert faults == {(expected == BLAMELESS and stage != "MAIL", expected == BLAMELESS and stage == "MAIL")}
    assert not any(each.failure_type == FailureType.HARD for each in outbox.results.values())
