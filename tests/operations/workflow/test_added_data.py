from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from django import forms
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from operations.models import ActivityRun, Population, PopulationData
from operations.workflow import added_data, populations
from operations.workflow.added_data import as_json, constant
from recipients.filters.values import Kind
from recipients.models import Recipient
from tests.factories import make_recipient, make_recipients
from tests.operations.factories import activity, drawing, run_drawing, task_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(now: datetime) -> ActivityRun:
    return task_of(run_drawing(drawing([activity("s", "start"), activity("end", "end")], "s → end"), now=now), "s")


def keep(task: ActivityRun, outlet: str, people: Sequence[Recipient]) -> Population:
    rows = Recipient.objects.filter(pk__in=[person.pk for person in people])
    return populations.store(task, outlet, rows.values_list("pk"))


def everyone(population: Population) -> Any:
    return populations.within(Recipient.objects.order_by(), population)


def data(population: Population) -> dict[int, Any]:
    population.refresh_from_db()
    return added_data.values_for(population, list(Recipient.objects.values_list("pk", flat=True)))


def test_values_of_every_kind_are_kept_alike(task: ActivityRun) -> None:
    instant = datetime(2025, 10, 6, 4, 0, 7, tzinfo=UTC)
    ada = make_recipient(1, birth_date="1990-02-28", created_at=instant, denylist_sms=True)
    population = keep(task, "out", [ada])

    columns = {
        "name": F("first_name"),
        "born": as_json(F("birth_date"), Kind.DATE),
        "since": as_json(F("created_at"), Kind.DATETIME),
        "silent": as_json(F("denylist_sms"), Kind.BOOLEAN),
        "free": as_json(F("denylist_email"), Kind.BOOLEAN),
        "wave": constant("a"),
        "number": constant(3),
        "rate": constant(0.5),
        "yes": constant(True),
    }
    assert added_data.add(population, everyone(population), columns) == 1

    assert data(population)[ada.pk] == {
        "name": "First1",
        "born": "1990-02-28",
        "since": "2025-10-06T04:00:07+00:00",
        "silent": True,
        "free": False,
        "wave": "a",
        "number": 3,
        "rate": 0.5,
        "yes": True,
    }


def test_what_was_added_before_stays_unless_the_name_is_the_same(task: ActivityRun) -> None:
    ada, bob = make_recipients(2)
    first = keep(task, "first", [ada])
    added_data.add(first, everyone(first), {"a": constant("old"), "b": constant("kept")})
    second = keep(task, "second", [ada, bob])

    added_data.add(second, everyone(second), {"a": constant("new")}, onto=first)

    assert data(second) == {ada.pk: {"a": "new", "b": "kept"}, bob.pk: {"a": "new"}}
    assert data(first)[ada.pk]["a"] == "old"


def test_a_set_made_of_others_points_to_their_data_and_copies_nothing(task: ActivityRun) -> None:
    people = make_recipients(3)
    whole = keep(task, "whole", people)
    added_data.add(whole, everyone(whole), {"wave": constant("a")})
    part = keep(task, "part", people[:1])

    added_data.carry(task, [whole, None], [part, None])

    assert part.data_source_id == whole.pk
    assert PopulationData.objects.count() == 3


def test_where_different_data_meet_everybody_keeps_all_and_the_first_set_wins(task: ActivityRun) -> None:
    ada, bob, carl = make_recipients(3)
    one, two = keep(task, "one", [ada, bob]), keep(task, "two", [bob, carl])
    added_data.add(one, everyone(one), {"wave": constant("a"), "x": constant(1)})
    added_data.add(two, everyone(two), {"wave": constant("b"), "y": constant(2)})
    both = keep(task, "both", [ada, bob])

    added_data.carry(task, [one, two], [both])

    assert data(both) == {ada.pk: {"wave": "a", "x": 1}, bob.pk: {"wave": "a", "x": 1, "y": 2}}


def test_a_set_without_added_data_costs_nothing(task: ActivityRun) -> None:
    came, left = keep(task, "came", make_recipients(1)), keep(task, "left", [])

    with CaptureQueriesContext(connection) as queries:
        added_data.carry(task, [came, None], [left])

    assert len(queries) == 0
    assert data(left) == {}


@pytest.mark.parametrize("name", ["", "2nd", "last purchase", "a.b", "x" * 51, None, "é"])
def test_a_name_that_a_message_could_not_write_is_refused(name: Any) -> None:
    with pytest.raises(forms.ValidationError):
        added_data.check_name(name)
