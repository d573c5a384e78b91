from __future__ import annotations

from datetime import datetime

import pytest

from tests.factories import make_recipients
from tests.operations.factories import EVERYONE, activity, drawing, left_by, make_list, numbers, people_of, run_drawing

pytestmark = pytest.mark.django_db
END = activity("end", "end")


def test_everybody_who_comes_in_leaves_once(now: datetime) -> None:
    ada, bob, carl = make_recipients(3)
    lists = make_list([ada, bob]), make_list([bob, carl])

    run = run_drawing(drawing([*people_of(*lists), activity("u", "union"), END], "a → u", "b → u", "u → end"), now=now)

    assert left_by(run, "u") == numbers([ada, bob, carl])


def test_a_branch_that_ended_brings_nobody_and_holds_nothing_up(now: datetime) -> None:
    people = make_recipients(2)
    nobody = {"field": "country_code", "op": "equals", "value": "XX"}
    document = drawing(
        [
            activity("q", "query", filter=EVERYONE),
            activity("i", "incremental_query", filter=nobody),
            activity("u", "union"),
            END,
        ],
        "q → u",
        "i → u",
        "u → end",
    )

    assert left_by(run_drawing(document, now=now), "u") == numbers(people)
