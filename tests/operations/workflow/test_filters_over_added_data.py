from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from operations.models import PopulationData, WorkflowRun
from operations.workflow.definition import InvalidDefinition
from operations.workflow.registry import get_type
from recipients.models import Recipient
from tests.factories import make_recipient
from tests.operations.factories import EVERYONE, activity, drawing, left_by, make_workflow, run_drawing

pytestmark = pytest.mark.django_db
POINTS = {"name": "points", "from": "field", "field": "attributes.points"}
BORN = {"name": "born", "from": "field", "field": "birth_date"}
MANY = {"field": "target.points", "op": "gte", "value": 5}


@pytest.fixture
def people() -> list[Recipient]:
    return [
        make_recipient(1, attributes={"points": 9}, birth_date="1990-02-28"),
        make_recipient(2, attributes={"points": 1}, birth_date="1991-03-01"),
        make_recipient(3, attributes={"points": "many"}),
        make_recipient(4),
    ]


def after_enrichment(now: datetime, type_: str, outlet: str = "out", **config: Any) -> WorkflowRun:
    activities = [
        activity("q", "query", filter=EVERYONE),
        activity("e", "enrichment", columns=[POINTS, BORN]),
        activity("a", type_, **config),
        activity("end", "end"),
    ]
    return run_drawing(drawing(activities, "q → e", "e → a", f"a.{outlet} → end"), now=now)


@pytest.mark.parametrize(
    ("condition", "who"),
    [
        (MANY, [0]),
        ({"field": "target.points", "op": "between", "value": [1, 2]}, [1]),
        ({"field": "target.points", "op": "equals", "value": "many"}, [2]),
        ({"field": "target.points", "op": "is_null"}, [3]),
        ({"not": MANY}, [1, 2, 3]),
        ({"field": "target.born", "op": "equals", "value": "1990-02-28"}, [0]),
        ({"field": "target.born", "op": "lt", "value": "1991-01-01"}, [0]),
        ({"field": "target.never", "op": "is_not_null"}, []),
        ({"any": [{"field": "attributes.points", "op": "equals", "value": 1}, MANY]}, [0, 1]),
    ],
)
def test_a_split_reads_what_an_earlier_activity_added(
    condition: dict[str, Any], who: list[int], people: list[Recipient], now: datetime
) -> None:
    run = after_enrichment(now, "split", "some", subsets=[{"name": "some", "filter": condition}])

    assert left_by(run, "a", "some") == [people[each].pk for each in who]


def test_cells_and_a_condition_of_an_enrichment_read_it_too(people: list[Recipient], now: datetime) -> None:
    run = after_enrichment(now, "cells", subsets=[{"name": "many", "filter": MANY}])
    assert left_by(run, "a") == [people[0].pk]

    told = after_enrichment(now, "enrichment", columns=[{"name": "rich", "from": "filter", "filter": MANY}])
    rows = PopulationData.objects.filter(population__task__run=told, population__task__name="a")
    rich = dict(rows.values_list("recipient_id", "data__rich"))
    assert rich == {people[0].pk: True, **dict.fromkeys([person.pk for person in people[1:]], False)}


def test_it_orders_what_a_limit_a_sample_and_a_deduplication_take(people: list[Recipient], now: datetime) -> None:
    one = {"name": "one", "limit": {"count": 1}, "order_by": "target.born"}
    assert left_by(after_enrichment(now, "split", "one", subsets=[one]), "a", "one") == [people[0].pk]

    youngest = after_enrichment(now, "sample", mode="first", size={"count": 2}, order_by="target.born")
    assert left_by(youngest, "a") == [people[0].pk, people[1].pk]

    Recipient.objects.filter(pk=people[1].pk).update(attributes={"points": 9})
    kept = after_enrichment(now, "deduplication", by=["target.points"], order_by="target.born", keep="last")
    assert left_by(kept, "a") == [people[each].pk for each in (1, 2, 3)]


def test_where_nothing_was_added_nobody_has_a_value(people: list[Recipient], now: datetime) -> None:
    subsets = [{"name": "some", "filter": {"field": "target.points", "op": "is_not_null"}}]
    activities = [activity("q", "query", filter=EVERYONE), activity("s", "split", subsets=subsets)]
    run = run_drawing(drawing([*activities, activity("end", "end")], "q → s", "s.some → end"), now=now)

    assert left_by(run, "s", "rest") == [person.pk for person in people]


@pytest.mark.parametrize("type_", ["query", "incremental_query"])
def test_a_query_refuses_it_and_says_why(type_: str, now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match=r"“target\.points” can't be used here"):
        make_workflow(drawing([activity("q", type_, filter={"all": [MANY]})]), now=now)


@pytest.mark.parametrize("name", ["target.", "target.a.b", "target.a'b"])
def test_a_name_that_nothing_can_have_is_refused(name: str, now: datetime) -> None:
    subsets = [{"name": "a", "filter": {"field": name, "op": "is_null"}}]

    with pytest.raises(InvalidDefinition, match="Unknown field"):
        make_workflow(drawing([activity("s", "split", subsets=subsets)]), now=now)


def test_types_tell_which_names_they_add() -> None:
    assert get_type("enrichment").adds({"columns": [POINTS, BORN]}) == ["points", "born"]
    assert get_type("cells").adds({"subsets": []}) == ["cell"]
    assert get_type("query").adds({"filter": EVERYONE}) == []
