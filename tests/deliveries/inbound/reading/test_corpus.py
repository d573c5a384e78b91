"""Real bounces: how many recipients are found, and how often they are understood. The figures are printed."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deliveries.inbound.reading.mail import read_mail
from deliveries.inbound.reading.verdict import Kind, RecipientVerdict
from recipients.vocabulary import FailureReason, FailureType
from tests.deliveries.inbound.reading.rules import PRODUCT_RULES

CORPUS = Path(__file__).resolve().parents[5] / "shared" / "corpora" / "bounces"

# The corpus tells 35 reasons apart; ours are fewer. What is not named here is a refusal of the message or of us.
COARSE = {
    "userunknown": FailureReason.USER_UNKNOWN,
    "hasmoved": FailureReason.USER_UNKNOWN,
    "hostunknown": FailureReason.INVALID_DOMAIN,
    "notaccept": FailureReason.INVALID_DOMAIN,
    "mailboxfull": FailureReason.MAILBOX_FULL,
    "suspend": FailureReason.ACCOUNT_DISABLED,
    "expired": FailureReason.UNREACHABLE,
    "networkerror": FailureReason.UNREACHABLE,
    "systemerror": FailureReason.UNREACHABLE,
    "systemfull": FailureReason.UNREACHABLE,
    "mailererror": FailureReason.UNREACHABLE,
    "onhold": FailureReason.NOT_DEFINED,
    "undefined": FailureReason.NOT_DEFINED,
}
NO_FAILURES = ("feedback", "vacation", "delivered")


@dataclass(frozen=True)
class Judged:
    file: str
    fact: dict[str, Any]
    verdict: RecipientVerdict

    @property
    def right_type(self) -> bool:
        # "User unknown" with a temporary code is soft, whatever its label says.
        expected = self.fact["hardbounce"] and not self.fact["status"].startswith("4")
        return expected == (self.verdict.failure_type is FailureType.HARD)

    @property
    def right_reason(self) -> bool:
        return self.verdict.failure_reason == COARSE.get(self.fact["reason"], FailureReason.REFUSED)


@dataclass(frozen=True)
class Figures:
    expected: int
    found: int
    hits: int
    judged: tuple[Judged, ...]

    def share(self, right: str) -> float:
        return sum(bool(getattr(each, right)) for each in self.judged) / len(self.judged)


@pytest.fixture(scope="module")
def figures() -> Figures:
    if not CORPUS.is_dir():
        pytest.skip(f"the corpus of bounces is not at {CORPUS}")
    return measured()


@cache
def measured() -> Figures:
    counts: Counter[str] = Counter()
    judged = []
    for row in map(json.loads, (CORPUS / "expected.jsonl").read_text().splitlines()):
        facts = {fact["recipient"].lower(): fact for fact in row["facts"] if fact["recipient"]}
        reading = read_mail((CORPUS / row["file"]).read_bytes(), PRODUCT_RULES)
        found = {verdict.address.lower(): verdict for verdict in reading.recipients}
        common = facts.keys() & found.keys()
        counts.update(expected=len(facts), found=len(found), hits=len(common))
        judged += [Judged(row["file"], facts[address], found[address]) for address in common]
    failures = tuple(each for each in judged if each.fact["reason"] not in NO_FAILURES)
    return Figures(counts["expected"], counts["found"], counts["hits"], failures)


def test_the_recipients_of_real_bounces_are_found(figures: Figures, capsys: pytest.CaptureFixture[str]) -> None:
    recall, precision = figures.hits / figures.expected, figures.hits / figures.found
    say(f"recall {recall:.3f}, precision {precision:.3f} of {figures.expected} recipients", capsys)

    assert recall >= 0.96
    assert precision >= 0.98


def test_d26_real_failures_are_hard_or_soft_as_they_should_be(
    figures: Figures, capsys: pytest.CaptureFixture[str]
) -> None:
    say(f"hard or soft right {figures.share('right_type'):.3f} of {len(figures.judged)}", capsys)

    assert figures.share("right_type") >= 0.94


def test_the_reasons_of_real_failures_are_understood(figures: Figures, capsys: pytest.CaptureFixture[str]) -> None:
    say(f"coarse reason right {figures.share('right_reason'):.3f} of {len(figures.judged)}", capsys)

    assert figures.share("right_reason") >= 0.91


def test_no_temporary_code_is_hard(figures: Figures) -> None:
    temporary = [each.verdict for each in figures.judged if each.verdict.status.startswith("4")]

    assert temporary and not [verdict for verdict in temporary if verdict.failure_type is FailureType.HARD]


@pytest.mark.parametrize("reason", NO_FAILURES)
def test_d28_complaints_replies_and_receipts_are_no_failures(figures: Figures, reason: str) -> None:
    kinds = {"feedback": Kind.COMPLAINT, "vacation": Kind.AUTO_REPLY, "delivered": Kind.DELIVERED}
    rows = [json.loads(line) for line in (CORPUS / "expected.jsonl").read_text().splitlines()]
    files = {row["file"] for row in rows if any(fact["reason"] == reason for fact in row["facts"])}

    readings = [read_mail((CORPUS / file).read_bytes(), PRODUCT_RULES) for file in files]

    assert readings and {reading.kind for reading in readings} == {kinds[reason]}
    assert not [each for reading in readings for each in reading.recipients if each.failure_type is not None]


def say(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{text}")  # noqa: T201
