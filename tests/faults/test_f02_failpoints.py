"""F02: the sender dies at each of the eight named places; what is sent again and what is in doubt is as tabled."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from common.failpoints import NAMES
from tests.faults.checker import check
from tests.faults.conftest import ENVIRONMENT
from tests.faults.installation import Installation, copy_of
from tests.faults.witness import Witness

pytestmark = [pytest.mark.smtp_sink, pytest.mark.slow, pytest.mark.xdist_group("faults")]
RECIPIENTS = 12
# The message at hand when the process dies there: not left yet, left without a known answer, or recorded.
IN_DOUBT = {"after_dot_before_250", "after_250_before_commit"}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, migrated: Installation) -> Installation:
    made = copy_of(migrated, tmp_path_factory.mktemp("filled"), smtp_port=9)
    made.fill(RECIPIENTS, connections=1)
    return made


@pytest.mark.parametrize("point", NAMES[:8])
def test_f02_dying_there_leaves_what_the_table_says(
    filled: Installation, sink: Witness, tmp_path: Path, point: str
) -> None:
    installation = copy_of(filled, tmp_path / "var", smtp_port=sink.port, **ENVIRONMENT)
    # At the first message, before the next one is on its way; once it is recorded the next has left, so at the last.
    visit = RECIPIENTS if point == "after_commit" else 1
    sender = installation.start_sender(DIFFUSION_FAILPOINT=f"{point}:kill:{visit}")
    assert sender.wait(timeout=60) == -signal.SIGKILL, installation.log()

    installation.finish()

    verdict = check(installation, sink, doubts_at_most=1)
    assert len(verdict.doubtful) == (1 if point in IN_DOUBT else 0)
    # The one in doubt had left, and was not sent again.
    assert sink.count() == RECIPIENTS
