from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operations.models import PopulationData, WorkflowRun
from operations.workflow.definition import InvalidDefinition
from tests.factories import make_recipient, make_recipients
from tests.operations.factories import EVERYONE, activity, drawing, left_by, make_workflow, run_drawing, task_of

pytestmark = pytest.mark.django_db
FRENCH = {"field": "country_code", "op": "equals", "value": "FR"}


def cells(now: datetime, subsets: list[dict[str, Any]]) -> WorkflowRun:
    activities = [activity("q", "query", filter=EVERYONE), activity("c", "cells", subsets=subsets)]
    return run_drawing(drawing([*activities, activity("end", "end")], "q → c", "c → end"), now=now)


def named(run: WorkflowRun) -> dict[int, str]:
    rows = PopulationData.objects.filter(population__task__run=run)
    return {number: data["cell"] for number, data in rows.values_list("recipient_id", "data")}


def test_everybody_in_a_subset_leaves_together_with_its_name(now: datetime) -> None:
    ada, bob, carl = make_recipients(3)
    eva = make_recipient(5, country_code="FR")
    subsets = [
        {"name": "french", "filter": FRENCH},
        {"name": "first", "limit": {"count": 1}},
        {"name": "second", "filter": EVERYONE, "limit": {"percent": 25}},
    ]

    run = cells(now, subsets)

    assert named(run) == {eva.pk: "french", ada.pk: "first", bob.pk: "second"}
    assert left_by(run, "c") == sorted([eva.pk, ada.pk, bob.pk])
    assert left_by(run, "c", "rest") == [carl.pk]
    assert run.log.filter(message="Cell “french”: 1.").exists()


def test_nobody_comes_in_and_nobody_leaves(now: datetime) -> None:
    run = cells(now, [{"name": "a"}])

    assert task_of(run, "c").outlets == {"out": 0, "rest": 0}


@pytest.mark.parametrize(
    "subsets", [[], "x", [{"filter": EVERYONE}], [{"name": "a", "filter": {}}], [{"name": "rest"}]]
)
def test_a_faulty_subset_is_refused(subsets: Any, now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="invalid_config"):
        make_workflow(drawing([activity("c", "cells", subsets=subsets)]), now=now)


def test_the_number_of_statements_does_not_grow_with_the_people(now: datetime) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            cells(now, [{"name": "a", "filter": FRENCH}, {"name": "b", "limit": {"percent": 50}, "order_by": "random"}])
        return len(queries)

    make_recipients(3)
    few = statements()
    make_recipients(300)
    assert statements() == few
