from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operations.models import Population, PopulationData, WorkflowRun
from operations.workflow import added_data
from operations.workflow.definition import InvalidDefinition
from operations.workflow.graph import GraphFaults
from recipients.models import Recipient
from tests.factories import make_recipient, make_recipients
from tests.operations.factories import (
    EVERYONE,
    activity,
    drawing,
    left_by,
    make_list,
    make_workflow,
    numbers,
    people_of,
    run_drawing,
    run_once,
    task_of,
)
from tests.operations.repetition import repeat
from tests.recipients.purchase import Purchase, purchases

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Iterator[None]:
    with purchases():
        yield


def enrich(now: datetime, *columns: dict[str, Any]) -> WorkflowRun:
    activities = [activity("q", "query", filter=EVERYONE), activity("e", "enrichment", columns=list(columns))]
    return run_drawing(drawing([*activities, activity("end", "end")], "q → e", "e → end"), now=now)


def data_of(run: WorkflowRun, name: str = "e", outlet: str = "out") -> dict[int, Any]:
    population = Population.objects.get(task=task_of(run, name), outlet=outlet)
    return added_data.values_for(population, list(Recipient.objects.values_list("pk", flat=True)))


def buy(person: Recipient, **values: Any) -> None:
    Purchase.objects.create(recipient=person, **values)


def test_columns_and_attributes_are_added_under_another_name(now: datetime) -> None:
    born = date(1990, 2, 28)
    attributes = {"town": "Nîmes", "points": 3, "vip": True, "empty": ""}
    ada = make_recipient(
        1, birth_date=born, created_at=datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC), attributes=attributes
    )
    fields = ["birth_date", "created_at", "denylist_email", "id"]
    fields += [f"attributes.{name}" for name in (*attributes, "none")]

    run = enrich(now, *({"name": f"v{n}", "from": "field", "field": name} for n, name in enumerate(fields)))

    values = data_of(run)[ada.pk]
    assert [values.get(f"v{n}") for n in range(len(fields))] == [
        "1990-02-28",
        "2025-01-02T03:04:05+00:00",
        False,
        ada.pk,
        "Nîmes",
        3,
        True,
        None,
        None,
    ]


def test_constants_and_conditions_are_added(now: datetime) -> None:
    french, british = make_recipient(1, country_code="FR"), make_recipient(2)
    where = {"field": "country_code", "op": "equals", "value": "FR"}

    run = enrich(
        now,
        {"name": "wave", "from": "constant", "value": "autumn"},
        {"name": "yes", "from": "constant", "value": True},
        {"name": "french", "from": "filter", "filter": where},
    )

    assert data_of(run) == {
        french.pk: {"wave": "autumn", "yes": True, "french": True},
        british.pk: {"wave": "autumn", "yes": True, "french": False},
    }


def test_the_rows_of_another_table_are_counted_added_up_and_looked_up(now: datetime, shop: None) -> None:
    ada, bob = make_recipients(2)
    buy(ada, product="tea", quantity=1, amount="4.50", bought_on=date(2025, 9, 1))
    buy(ada, product="cup", quantity=3, amount="8.00", bought_on=date(2025, 8, 1))
    buy(ada, product="pot", quantity=5, amount=None, bought_on=None)
    many = {"field": "quantity", "op": "gte", "value": 3}

    def column(aggregate: str, **values: Any) -> dict[str, Any]:
        name = f"{aggregate}{len(values)}"
        return {"name": name, "from": "related", "related": "purchases", "aggregate": aggregate, **values}

    run = enrich(
        now,
        column("count"),
        column("count", where=many),
        column("sum", field="amount"),
        column("avg", field="quantity"),
        column("max", field="bought_on"),
        column("min", field="quantity"),
        column("last", field="product", order_by="bought_on"),
        column("first", field="product", order_by="bought_on"),
        column("last", field="product"),
    )

    assert data_of(run)[ada.pk] == {
        "count0": 3,
        "count1": 2,
        "sum1": 12.5,
        "avg1": 3,
        "max1": "2025-09-01",
        "min1": 1,
        "last2": "tea",
        "first2": "cup",
        "last1": "pot",
    }
    assert {name: value for name, value in data_of(run)[bob.pk].items() if value is not None} == {
        "count0": 0,
        "count1": 0,
    }


def test_added_data_goes_on_through_the_activities_that_follow(now: datetime) -> None:
    ada, bob = make_recipients(2)
    activities = [
        *people_of(make_list([ada, bob])),
        activity("e", "enrichment", columns=[{"name": "wave", "from": "constant", "value": "a"}]),
        activity("s", "split", subsets=[{"name": "one", "limit": {"count": 1}}]),
        activity("f", "enrichment", columns=[{"name": "more", "from": "constant", "value": 2}]),
        activity("u", "union"),
        activity("end", "end"),
    ]
    document = drawing(activities, "a → e", "e → s", "s.one → f", "s.rest → u", "f → u", "u → end")

    run = run_drawing(document, now=now)

    assert left_by(run, "u") == numbers([ada, bob])
    assert data_of(run, "u") == {ada.pk: {"wave": "a", "more": 2}, bob.pk: {"wave": "a"}}


def test_nobody_comes_in_and_nothing_is_added(now: datetime) -> None:
    run = enrich(now, {"name": "wave", "from": "constant", "value": "a"})

    assert task_of(run, "e").outlets == {"out": 0}
    assert not PopulationData.objects.exists()


def test_a_repeated_task_writes_the_same_data_once(now: datetime) -> None:
    (ada,) = make_recipients(1)
    run = enrich(now, {"name": "wave", "from": "constant", "value": "a"})

    repeat(run, "e", now=now)

    assert data_of(run) == {ada.pk: {"wave": "a"}}
    assert PopulationData.objects.count() == 1


def test_a_table_that_is_gone_is_refused_before_the_run(now: datetime) -> None:
    columns = [{"name": "n", "from": "related", "related": "purchases"}]
    with purchases():
        activities = [activity("q", "query", filter=EVERYONE), activity("e", "enrichment", columns=columns)]
        document = drawing([*activities, activity("end", "end")], "q → e", "e → end")
        workflow = make_workflow(document, now=now)

    with pytest.raises(GraphFaults, match="purchases"):
        run_once(workflow, now=now)


@pytest.mark.parametrize(
    "column",
    [
        {},
        {"name": "a b", "from": "constant", "value": 1},
        {"name": "a", "from": "nowhere"},
        {"name": "a", "from": "field"},
        {"name": "a", "from": "field", "field": "colour"},
        {"name": "a", "from": "field", "field": "email", "related": "purchases"},
        {"name": "a", "from": "constant"},
        {"name": "a", "from": "constant", "value": [1]},
        {"name": "a", "from": "filter", "filter": {}},
        {"name": "a", "from": "related", "related": "nothing"},
        {"name": "a", "from": "related", "related": "purchases", "aggregate": "best"},
        {"name": "a", "from": "related", "related": "purchases", "aggregate": "sum"},
        {"name": "a", "from": "related", "related": "purchases", "aggregate": "sum", "field": "product"},
        {"name": "a", "from": "related", "related": "purchases", "aggregate": "last", "field": "id", "order_by": "x"},
        {"name": "a", "from": "related", "related": "purchases", "where": {"field": "x", "op": "equals", "value": 1}},
    ],
)
def test_a_faulty_column_is_refused(column: dict[str, Any], now: datetime, shop: None) -> None:
    with pytest.raises(InvalidDefinition, match="invalid_config"):
        make_workflow(drawing([activity("e", "enrichment", columns=[column])]), now=now)


def test_a_name_is_used_once_and_there_are_at_most_twenty(now: datetime) -> None:
    def columns(names: list[str]) -> list[dict[str, Any]]:
        return [{"name": name, "from": "constant", "value": 1} for name in names]

    for names in (["a", "a"], [f"v{n}" for n in range(21)]):
        with pytest.raises(InvalidDefinition, match="invalid_config"):
            make_workflow(drawing([activity("e", "enrichment", columns=columns(names))]), now=now)


def test_the_number_of_statements_does_not_grow_with_the_people(now: datetime) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            enrich(now, {"name": "a", "from": "field", "field": "email"})
        return len(queries)

    make_recipients(3)
    few = statements()
    make_recipients(300)
    assert statements() == few
