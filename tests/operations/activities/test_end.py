from __future__ import annotations

from datetime import datetime

import pytest

from operations.models import RunState, TaskState
from tests.operations.factories import activity, drawing, run_drawing

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("stop_all", "later"), [(True, TaskState.SKIPPED), (False, TaskState.RUNNING)])
def test_an_end_stops_the_other_tasks_only_when_asked_to(now: datetime, stop_all: bool, later: TaskState) -> None:
    document = drawing(
        [
            activity("s", "start"),
            activity("w", "wait", duration=1, unit="days"),
            activity("after", "end"),
            activity("e", "end", stop_all=stop_all),
        ],
        "s → w",
        "w → after",
        "s → e",
    )

    run = run_drawing(document, now=now)

    assert run.tasks.get(name="w").state == later
    assert run.state == (RunState.FINISHED if stop_all else RunState.RUNNING)
