"""Machines named as machines, people never."""

from __future__ import annotations

import json

import pytest

from tests.payloads import DATA
from tests.tracking.browsers import BROWSERS
from tracking.models import Verdict
from tracking.robots import Visitor, classify


@pytest.mark.parametrize("user_agent", BROWSERS)
def test_a_browser_or_a_mail_program_is_a_person(user_agent: str) -> None:
    assert classify(Visitor(user_agent)) == Verdict.HUMAN


def test_at_least_95_percent_of_known_machines_are_recognised() -> None:
    lines = (DATA / "bot-user-agents.jsonl").read_text(encoding="utf-8").strip("\n").split("\n")
    agents = [json.loads(line)["ua"] for line in lines]

    missed = [agent for agent in agents if classify(Visitor(agent)) == Verdict.HUMAN]

    assert len(missed) <= 0.05 * len(agents), missed


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
        "Mozilla/5.0",
    ],
)
def test_a_providers_image_proxy_is_a_proxy(user_agent: str) -> None:
    assert classify(Visitor(user_agent)) == Verdict.PROXY


def test_how_it_was_asked_counts_more_than_by_whom() -> None:
    assert classify(Visitor(BROWSERS[0], method="HEAD")) == Verdict.SCANNER
    assert classify(Visitor(BROWSERS[0], prefetch=True)) == Verdict.PREFETCH
    assert classify(Visitor("")) == Verdict.UNKNOWN
