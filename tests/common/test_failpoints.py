"""Failpoints are nothing until the environment names one; then the process dies at the visit that was asked for."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from common.failpoints import NAMES, Failpoint, UnknownFailpoint, failpoint


def test_unset_there_is_none() -> None:
    assert all(failpoint(name) is None for name in NAMES)


def test_only_the_place_that_is_named_has_one() -> None:
    assert isinstance(failpoint("after_claim", "after_claim:kill"), Failpoint)
    assert failpoint("after_render", "after_claim:kill") is None


def test_the_visit_is_counted_from_one() -> None:
    point = failpoint("mid_data", "mid_data:kill:3")
    assert point is not None
    assert [point.due() for _visit in range(4)] == [False, False, True, False]


@pytest.mark.parametrize("setting", ["nowhere:kill", "after_claim:explode", "after_claim:kill:often", "after_claim"])
def test_what_can_not_be_meant_is_refused(setting: str) -> None:
    with pytest.raises(UnknownFailpoint):
        failpoint("after_claim", setting)


def test_the_process_dies_there() -> None:
    code = "from common.failpoints import failpoint as f; p = f('mid_data', 'mid_data:kill:2'); p(); print(1); p()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL
