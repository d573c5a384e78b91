from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operations.models import WorkflowRun
from operations.workflow.definition import InvalidDefinition
from tests.factories import make_recipient, make_recipients
from tests.operations.factories import EVERYONE, activity, drawing, left_by, make_workflow, run_drawing

pytestmark = pytest.mark.django_db
FRENCH = {"field": "country_code", "op": "equals", "value": "FR"}


def split(now: datetime, subsets: list[dict[str, Any]], **config: Any) -> WorkflowRun:
    document = drawing(
        [
            activity("q", "query", filter=EVERYONE),
            activity("s", "split", subsets=subsets, **config),
            activity("end", "end"),
        ],
        "q → s",
        f"s.{subsets[0]['name']} → end",
    )
    return run_drawing(document, now=now)


def test_a_person_goes_to_the_first_subset_and_who_is_in_none_is_the_rest(now: datetime) -> None:
    ada, bob, carl, dora = make_recipients(4)
    eva = make_recipient(5, country_code="FR")
    subsets = [
        {"name": "french", "filter": FRENCH},
        {"name": "two", "limit": {"count": 2}},
        {"name": "one", "filter": EVERYONE, "limit": {"count": 1}},
    ]

    run = split(now, subsets)

    assert left_by(run, "s", "french") == [eva.pk]
    assert left_by(run, "s", "two") == [ada.pk, bob.pk]
    assert left_by(run, "s", "one") == [carl.pk]
    assert left_by(run, "s", "rest") == [dora.pk]


def test_subsets_that_may_overlap_each_see_everybody(now: datetime) -> None:
    ada, bob = make_recipients(2)

    run = split(now, [{"name": "one", "limit": {"count": 1}}, {"name": "again", "limit": {"count": 1}}], overlap=True)

    assert left_by(run, "s", "one") == left_by(run, "s", "again") == [ada.pk]
    assert left_by(run, "s", "rest") == [bob.pk]


def test_a_percentage_is_of_all_who_come_in_rounded_down(now: datetime) -> None:
    make_recipients(7)

    run = split(now, [{"name": "half", "limit": {"percent": 50}}, {"name": "third", "limit": {"percent": 33.4}}])

    counts = [len(left_by(run, "s", outlet)) for outlet in ("half", "third", "rest")]
    assert counts == [3, 2, 2]


@pytest.mark.parametrize(("order_by", "first"), [("last_name", "b"), ("attributes.town", "a"), ("id", "c")])
def test_a_limit_takes_the_first_in_the_order_and_missing_values_last(order_by: str, first: str, now: datetime) -> None:
    people = {
        "c": make_recipient(1, last_name="Zoe", attributes={"town": "Nice"}),
        "a": make_recipient(2, last_name="Mia", attributes={"town": "Brest"}),
        "b": make_recipient(3, last_name="Ann"),
    }

    run = split(now, [{"name": "one", "limit": {"count": 1}, "order_by": order_by}])

    assert left_by(run, "s", "one") == [people[first].pk]


def test_a_random_sample_has_the_asked_size_and_a_complement(now: datetime) -> None:
    people = make_recipients(30)

    run = split(now, [{"name": "some", "limit": {"count": 10}, "order_by": "random"}])

    some, rest = left_by(run, "s", "some"), left_by(run, "s", "rest")
    assert (len(some), len(rest)) == (10, 20)
    assert sorted(some + rest) == [person.pk for person in people]


@pytest.mark.parametrize(
    "subsets",
    [
        [],
        "x",
        [{"filter": EVERYONE}],
        [{"name": "rest"}],
        [{"name": "a"}, {"name": "a"}],
        [{"name": "a", "colour": 1}],
        [{"name": "a", "filter": {}}],
        [{"name": "a", "limit": {"count": 0}}],
        [{"name": "a", "limit": {"count": 1.5}}],
        [{"name": "a", "limit": {"percent": 101}}],
        [{"name": "a", "limit": {"count": 1, "percent": 1}}],
        [{"name": "a", "limit": 3}],
        [{"name": "a", "order_by": "colour"}],
    ],
)
def test_a_faulty_subset_is_refused(subsets: Any, now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="invalid_config"):
        make_workflow(drawing([activity("s", "split", subsets=subsets)]), now=now)


def test_the_number_of_statements_does_not_grow_with_the_people(now: datetime) -> None:
    subsets = [{"name": "a", "filter": FRENCH}, {"name": "b", "limit": {"percent": 50}, "order_by": "random"}]

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            split(now, subsets)
        return len(queries)

    make_recipients(3)
    few = statements()
    make_recipients(300)
    assert statements() == few
