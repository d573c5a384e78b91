from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from operations.workflow import engine
from tests.factories import make_recipients
from tests.operations.factories import activity, drawing, left_by, make_list, numbers, people_of, run_drawing, task_of

pytestmark = pytest.mark.django_db
END = activity("end", "end")


def test_it_goes_on_when_all_have_come_with_the_people_of_the_main_one(now: datetime) -> None:
    ada, bob = make_recipients(2)
    lists = make_list([ada]), make_list([bob])
    document = drawing(
        [
            *people_of(*lists),
            activity("w", "wait", duration=1, unit="hours"),
            activity("j", "and_join", main="b"),
            END,
        ],
        "a → w",
        "w → j",
        "b → j",
        "j → end",
    )

    run = run_drawing(document, now=now)
    assert task_of(run, "j").get_state_display() == "Waiting"

    engine.advance(run.pk, now=now + timedelta(hours=1))

    assert left_by(run, "j") == [bob.pk]
    assert task_of(run, "end").get_state_display() == "Done"


def test_without_a_main_set_it_takes_the_first_that_brings_people(now: datetime) -> None:
    people = make_recipients(2)
    document = drawing(
        [activity("s", "start"), *people_of(make_list(people)), activity("j", "and_join"), END],
        "s → j",
        "a → j",
        "j → end",
    )

    assert left_by(run_drawing(document, now=now), "j") == numbers(people)


def test_it_is_skipped_when_one_will_never_come(now: datetime) -> None:
    make_recipients(1)
    test = [{"name": "many", "when": "count > 5"}]
    document = drawing(
        [*people_of(make_list(), make_list()), activity("t", "test", conditions=test), activity("j", "and_join"), END],
        "a → t",
        "t.many → j",
        "b → j",
        "j → end",
    )

    run = run_drawing(document, now=now)

    assert [task_of(run, name).get_state_display() for name in ("j", "end")] == ["Skipped", "Skipped"]
    assert run.get_state_display() == "Finished"
