from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operations.models import WorkflowRun
from operations.workflow.definition import InvalidDefinition
from tests.factories import make_recipient, make_recipients
from tests.operations.factories import (
    EVERYONE,
    activity,
    drawing,
    left_by,
    make_workflow,
    numbers,
    run_drawing,
    run_once,
    task_of,
)
from tests.operations.repetition import repeat

pytestmark = pytest.mark.django_db


def document(**config: Any) -> dict[str, Any]:
    activities = [activity("q", "query", filter=EVERYONE), activity("s", "sample", **config), activity("end", "end")]
    return drawing(activities, "q → s", "s → end")


def sample(now: datetime, **config: Any) -> WorkflowRun:
    return run_drawing(document(**config), now=now)


def test_the_first_people_in_the_order_leave_and_the_others_are_the_rest(now: datetime) -> None:
    zoe, ann, bea = (make_recipient(n, last_name=name) for n, name in enumerate(("Zoe", "Ann", "Bea"), 1))

    run = sample(now, size={"count": 1}, mode="first", order_by="last_name")

    assert left_by(run, "s") == [ann.pk]
    assert sorted(left_by(run, "s") + left_by(run, "s", "rest")) == numbers([zoe, ann, bea])


def test_a_percentage_is_of_all_who_come_in_rounded_down(now: datetime) -> None:
    people = make_recipients(25)

    run = sample(now, size={"percent": 50})

    out, rest = left_by(run, "s"), left_by(run, "s", "rest")
    assert (len(out), len(rest)) == (12, 13)
    assert sorted(out + rest) == numbers(people)


def test_a_repeated_task_draws_the_same_people_and_another_run_draws_others(now: datetime) -> None:
    make_recipients(60)
    workflow = make_workflow(document(size={"count": 20}), now=now)
    first = run_once(workflow, now=now)
    drawn = left_by(first, "s")

    repeat(first, "s", now=now)
    other = run_once(workflow, now=now, scheduled_for=now.replace(hour=7))

    assert left_by(first, "s") == drawn
    assert left_by(other, "s") != drawn


def test_with_a_seed_every_run_draws_the_same_people(now: datetime) -> None:
    make_recipients(60)
    workflow = make_workflow(document(size={"count": 20}, seed="autumn"), now=now)

    runs = [run_once(workflow, now=now, scheduled_for=now.replace(hour=hour)) for hour in (7, 8)]

    assert left_by(runs[0], "s") == left_by(runs[1], "s")


def test_nobody_comes_in_and_nobody_leaves(now: datetime) -> None:
    run = sample(now, size={"percent": 10})

    assert task_of(run, "s").outlets == {"out": 0, "rest": 0}


@pytest.mark.parametrize(
    "config",
    [{"size": 3}, {"size": {"count": 0}}, {"size": {"percent": 101}}, {"mode": "best"}, {"order_by": "x"}, {"n": 1}],
)
def test_a_faulty_configuration_is_refused(config: dict[str, Any], now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="invalid_config"):
        make_workflow(drawing([activity("s", "sample", **config)]), now=now)


def test_the_number_of_statements_does_not_grow_with_the_people(now: datetime) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            sample(now, size={"percent": 50})
        return len(queries)

    make_recipients(3)
    few = statements()
    make_recipients(300)
    assert statements() == few
