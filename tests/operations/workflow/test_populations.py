from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operations.models import ActivityRun, Population
from operations.workflow import populations
from operations.workflow.populations import People
from recipients.models import Recipient
from tests.factories import make_recipient, make_recipients
from tests.operations.factories import activity, drawing, run_drawing

pytestmark = pytest.mark.django_db


@pytest.fixture
def keep(now: datetime) -> Callable[..., Population]:
    task = run_drawing(drawing([activity("s", "start"), activity("e", "end")], "s → e"), now=now).tasks.get(name="s")

    def keep(name: str, *people: Recipient) -> Population:
        rows = Recipient.objects.filter(pk__in=[person.pk for person in people]).values("pk")
        return populations.store(task, name, rows)

    return keep


def people(rows: People) -> list[int]:
    return sorted(number for (number,) in rows)


def test_a_stored_set_knows_its_size(keep: Callable[..., Population]) -> None:
    stored = keep("a", *make_recipients(3))

    assert (stored.count, Population.objects.get().count) == (3, 3)
    assert len(people(populations.members(stored))) == 3


def test_a_query_that_can_select_nobody_is_an_empty_set(keep: Callable[..., Population]) -> None:
    make_recipients(2)

    assert keep("a").count == 0


def test_set_operations_are_those_of_sets(keep: Callable[..., Population]) -> None:
    ada, bob, carl = make_recipients(3)
    left, right = keep("left", ada, bob), keep("right", bob, carl)

    assert people(populations.union([left, right, None])) == [ada.pk, bob.pk, carl.pk]
    assert people(populations.intersection([left, right])) == [bob.pk]
    assert people(populations.intersection([left, None])) == []
    assert people(populations.intersection([])) == []
    assert people(populations.exclusion([left], [right, None])) == [ada.pk]
    assert people(populations.exclusion([left], [])) == [ada.pk, bob.pk]
    assert people(populations.exclusion([None], [left])) == []


def test_missing_values_come_last_in_a_limit(keep: Callable[..., Population]) -> None:
    old, none = make_recipient(1, birth_date="1950-01-01"), make_recipient(2)
    rows = populations.limited(Recipient.objects.all(), limit=1, order_by="birth_date")

    assert people(rows) == [old.pk]
    assert people(populations.limited(Recipient.objects.all(), limit=5, order_by="birth_date")) == [old.pk, none.pk]


OPERATIONS: dict[str, Callable[[Population, Population], Any]] = {
    "union": lambda left, right: populations.union([left, right]),
    "intersection": lambda left, right: populations.intersection([left, right]),
    "exclusion": lambda left, right: populations.exclusion([left], [right]),
    "random": lambda left, right: populations.limited(
        populations.within(Recipient.objects.all(), left), limit=2, order_by="random"
    ),
    "deduplication": lambda left, right: populations.first_of_each(left, by=["email"], order_by="id", descending=False),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_number_of_statements_does_not_grow_with_the_people(
    operation: str, keep: Callable[..., Population]
) -> None:
    def statements(name: str, members: list[Recipient]) -> int:
        left, right = keep(f"{name} left", *members), keep(f"{name} right", *members[1:])
        with CaptureQueriesContext(connection) as queries:
            populations.store(ActivityRun.objects.get(pk=left.task_id), name, OPERATIONS[operation](left, right))
        return len(queries)

    few = statements("few", make_recipients(3))
    assert statements("many", make_recipients(300)) == few
