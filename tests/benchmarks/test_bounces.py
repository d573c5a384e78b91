"""The storm of bounces runs, with figures too small to mean anything: every mail is applied, from either source."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.test_benchmarks import server, verdict_of

__all__ = ["server"]
pytestmark = [pytest.mark.postgresql, pytest.mark.smtp_sink, pytest.mark.slow]


@pytest.mark.parametrize("kind", ["maildir", "imap"])
def test_the_sending_is_compared_with_itself_during_a_storm_of_bounces(kind: str, tmp_path: Path) -> None:
    verdict = verdict_of(tmp_path, "bounces", "--mails", "600", "--processes", "1", "--rounds", "1", "--over", kind)

    assert (verdict["name"], verdict["target"], verdict["slowdown_target"]) == ("bounces", 1.0, 0.2)
    assert verdict["mails"] == 600
    assert verdict["slowdown"] < 1
