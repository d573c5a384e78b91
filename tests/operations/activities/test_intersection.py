from __future__ import annotations

from datetime import datetime

import pytest

from tests.factories import make_recipients
from tests.operations.factories import EVERYONE, activity, drawing, left_by, make_list, numbers, people_of, run_drawing

pytestmark = pytest.mark.django_db
END = activity("end", "end")


def test_those_who_come_in_everywhere_leave_and_the_others_are_the_rest(now: datetime) -> None:
    ada, bob, carl, dora = make_recipients(4)
    lists = make_list([ada, bob, carl]), make_list([bob, carl]), make_list([carl, dora])
    document = drawing([*people_of(*lists), activity("i", "intersection"), END], "a → i", "b → i", "c → i", "i → end")

    run = run_drawing(document, now=now)

    assert left_by(run, "i") == [carl.pk]
    assert left_by(run, "i", "rest") == numbers([ada, bob, dora])


def test_a_branch_that_ended_leaves_nobody_in_common(now: datetime) -> None:
    people = make_recipients(2)
    nobody = {"field": "country_code", "op": "equals", "value": "XX"}
    document = drawing(
        [
            activity("q", "query", filter=EVERYONE),
            activity("n", "incremental_query", filter=nobody),
            activity("i", "intersection"),
            END,
        ],
        "q → i",
        "n → i",
        "i → end",
    )

    run = run_drawing(document, now=now)

    assert (left_by(run, "i"), left_by(run, "i", "rest")) == ([], numbers(people))
