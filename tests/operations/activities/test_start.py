from __future__ import annotations

from datetime import datetime

import pytest

from tests.operations.factories import activity, drawing, run_drawing, task_of

pytestmark = pytest.mark.django_db


def test_a_start_sends_a_signal_that_carries_nobody(now: datetime) -> None:
    run = run_drawing(drawing([activity("s", "start"), activity("e", "end")], "s → e"), now=now)

    assert task_of(run, "s").outlets == {"out": None}
    assert task_of(run, "e").get_state_display() == "Done"
