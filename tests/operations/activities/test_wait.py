from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from operations.models import TaskState
from operations.workflow import engine
from operations.workflow.definition import InvalidDefinition
from tests.factories import make_recipients
from tests.operations.factories import (
    activity,
    drawing,
    left_by,
    make_list,
    make_workflow,
    numbers,
    people_of,
    run_drawing,
    task_of,
)

pytestmark = pytest.mark.django_db


def test_the_people_go_on_after_the_delay_and_not_before(now: datetime) -> None:
    people = make_recipients(2)
    document = drawing(
        [*people_of(make_list(people)), activity("w", "wait", duration=2, unit="days"), activity("end", "end")],
        "a → w",
        "w → end",
    )
    run = run_drawing(document, now=now)

    almost = now + timedelta(days=2, seconds=-1)
    engine.wake(task_of(run, "w").pk, now=almost)
    engine.advance(run.pk, now=almost)
    assert task_of(run, "w").state == TaskState.RUNNING

    engine.advance(run.pk, now=now + timedelta(days=2))
    assert left_by(run, "w") == numbers(people)


@pytest.mark.parametrize("config", [{}, {"duration": 0}, {"duration": 1, "unit": "years"}, {"duration": 10**9}])
def test_a_faulty_delay_is_refused(config: dict[str, Any], now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="invalid_config"):
        make_workflow(drawing([activity("w", "wait", **config)]), now=now)
