from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

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
CONDITIONS = [{"name": "few", "when": "count > 0 and count < 3"}, {"name": "some", "when": "count > 0"}]


@pytest.mark.parametrize(("count", "outlet"), [(0, "else"), (2, "few"), (3, "some")])
def test_the_first_condition_that_holds_says_where_they_leave(count: int, outlet: str, now: datetime) -> None:
    people = make_recipients(count)
    document = drawing(
        [*people_of(make_list(people)), activity("t", "test", conditions=CONDITIONS), activity("end", "end")],
        "a → t",
        "t.else → end",
    )

    run = run_drawing(document, now=now)

    assert left_by(run, "t", outlet) == numbers(people)
    assert set(task_of(run, "t").memo["fired"]) == {outlet}
    assert task_of(run, "t").outlets == {"few": 0, "some": 0, "else": 0, outlet: count}
    assert task_of(run, "end").get_state_display() == ("Done" if outlet == "else" else "Skipped")


def test_the_day_is_that_of_the_run_in_the_zone_of_the_workflow(now: datetime) -> None:
    conditions = [{"name": "monday", "when": "scheduled_for.weekday == 1 and scheduled_for.hour == 6"}]
    document = drawing(
        [activity("s", "start"), activity("t", "test", conditions=conditions), activity("end", "end")],
        "s → t",
        "t.monday → end",
    )

    assert task_of(run_drawing(document, now=now), "end").get_state_display() == "Done"


@pytest.mark.parametrize(
    ("conditions", "why"),
    [
        ([], "conditions"),
        ([{"name": "a"}], "a: “”"),
        ([{"name": "else", "when": "true"}], "is taken"),
        ([{"name": "a", "when": "count >"}], "syntax error"),
        ([{"name": "a", "when": "true", "then": 1}], "then"),
    ],
)
def test_a_faulty_condition_is_refused(conditions: Any, why: str, now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match=why):
        make_workflow(drawing([activity("t", "test", conditions=conditions)]), now=now)
