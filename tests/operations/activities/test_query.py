from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

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

pytestmark = pytest.mark.django_db
END = activity("end", "end")
FRENCH = {"field": "country_code", "op": "equals", "value": "FR"}


def test_a_query_selects_the_people_of_its_filter(now: datetime) -> None:
    make_recipients(2)
    claude = make_recipient(3, country_code="FR")

    run = run_drawing(drawing([activity("q", "query", filter=FRENCH), END], "q → end"), now=now)

    assert left_by(run, "q") == [claude.pk]
    assert task_of(run, "q").outlets == {"out": 1}


def test_a_query_with_an_inbound_set_filters_inside_it(now: datetime) -> None:
    inside, _outside = make_recipient(1, country_code="FR"), make_recipient(2, country_code="FR")
    document = drawing(
        [*people_of(make_list([inside, make_recipient(3)])), activity("q", "query", filter=FRENCH), END],
        "a → q",
        "q → end",
    )

    assert left_by(run_drawing(document, now=now), "q") == [inside.pk]


def test_a_signal_only_says_when(now: datetime) -> None:
    people = make_recipients(2)
    document = drawing([activity("s", "start"), activity("q", "query", filter=EVERYONE), END], "s → q", "q → end")

    assert left_by(run_drawing(document, now=now), "q") == numbers(people)


def test_today_is_the_scheduled_day_in_the_zone_of_the_workflow(now: datetime) -> None:
    born = make_recipient(1, birth_date=date(1980, 10, 7))
    make_recipient(2, birth_date=date(1980, 10, 6))
    birthday = {"field": "birth_date", "op": "anniversary"}
    workflow = make_workflow(drawing([activity("q", "query", filter=birthday), END], "q → end"), now=now)

    # Half past midnight in Paris, still the day before in UTC.
    run = run_once(workflow, now=now, scheduled_for=datetime(2025, 10, 6, 22, 30, tzinfo=UTC))

    assert left_by(run, "q") == [born.pk]


def test_nobody_is_a_set_too_and_the_branch_goes_on(now: datetime) -> None:
    run = run_drawing(drawing([activity("q", "query", filter=FRENCH), END], "q → end"), now=now)

    assert task_of(run, "q").outlets == {"out": 0}
    assert task_of(run, "end").get_state_display() == "Done"
