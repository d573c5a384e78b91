from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operations.models import WorkflowRun
from operations.workflow.definition import InvalidDefinition
from recipients.models import Recipient
from tests.factories import make_recipient, make_recipients
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
from tests.recipients.purchase import Purchase, purchases

pytestmark = pytest.mark.django_db
BY_HOUSE = {"by": "attributes.household"}


@pytest.fixture
def shop(db: None) -> Iterator[None]:
    with purchases():
        yield


def change(people: list[Recipient], now: datetime, **config: Any) -> WorkflowRun:
    activities = [*people_of(make_list(people)), activity("c", "change_dimension", **config), activity("end", "end")]
    return run_drawing(drawing(activities, "a → c", "c → end"), now=now)


def household(number: int, name: Any, **values: Any) -> Recipient:
    return make_recipient(number, attributes={} if name is None else {"household": name}, **values)


def test_everybody_of_the_household_of_somebody_who_came_in_leaves(now: datetime) -> None:
    ada, bob = household(1, "h1"), household(2, "h1")
    household(3, "h2")

    run = change([ada], now, **BY_HOUSE)

    assert left_by(run, "c") == numbers([ada, bob])
    assert run.log.filter(message="From 1 to 2 people.").exists()


def test_who_has_no_household_stays_and_brings_nobody(now: datetime) -> None:
    ada = household(1, None)
    household(2, None)
    household(3, "")

    assert left_by(change([ada], now, **BY_HOUSE), "c") == [ada.pk]


def test_one_person_of_each_household_is_the_first_in_the_order(now: datetime) -> None:
    ada = household(1, "h1", last_name="Z")
    head = household(2, "h1", last_name="A")
    carl = household(3, None)
    household(4, "h2")

    run = change([ada, carl], now, **BY_HOUSE, keep="one", order_by="last_name")

    assert left_by(run, "c") == numbers([head, carl])


def test_spellings_of_one_address_are_one(now: datetime) -> None:
    ada, again = make_recipient(1, email="Ada@example.com"), make_recipient(2, email="ada@EXAMPLE.com")

    assert left_by(change([ada], now, by="email"), "c") == numbers([ada, again])


def test_people_are_reached_through_the_rows_of_another_table(now: datetime, shop: None) -> None:
    ada, bob, carl, dora = make_recipients(4)
    for person, product in ((ada, "tea"), (bob, "tea"), (bob, "pot"), (carl, "pot")):
        Purchase.objects.create(recipient=person, product=product)

    run = change([ada, dora], now, related="purchases", by="product")

    assert left_by(run, "c") == numbers([ada, bob, dora])


def test_nobody_comes_in_and_nobody_leaves(now: datetime) -> None:
    household(1, "h1")

    assert task_of(change([], now, **BY_HOUSE), "c").outlets == {"out": 0}


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"by": "colour"},
        {"by": "email", "keep": "some"},
        {"by": "email", "order_by": "x"},
        {"by": "product", "related": "nothing"},
        {"by": "colour", "related": "purchases"},
        {"by": "product", "related": "purchases", "keep": "one"},
    ],
)
def test_a_faulty_configuration_is_refused(config: dict[str, Any], now: datetime, shop: None) -> None:
    with pytest.raises(InvalidDefinition, match="invalid_config"):
        make_workflow(drawing([activity("c", "change_dimension", **config)]), now=now)


def test_the_number_of_statements_does_not_grow_with_the_people(now: datetime) -> None:
    def statements(people: list[Recipient]) -> int:
        with CaptureQueriesContext(connection) as queries:
            change(people, now, **BY_HOUSE, keep="one")
        return len(queries)

    few = statements(make_recipients(3))
    assert statements(make_recipients(300)) == few
