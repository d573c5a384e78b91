from __future__ import annotations

from datetime import datetime

import pytest

from operations.explain import path
from tests.factories import make_recipients
from tests.operations.factories import activity, drawing, make_list, people_of, run_drawing

pytestmark = pytest.mark.django_db


def test_every_task_says_what_it_did_with_the_person(now: datetime) -> None:
    ada, bob, carl = make_recipients(3)
    target = make_list(label="Target")
    document = drawing(
        [
            *people_of(make_list([ada, bob]), make_list([bob])),
            activity("x", "exclusion", main="a"),
            activity("u", "list_update", list=target.pk),
        ],
        "a → x",
        "b → x",
        "x → u",
    )
    run = run_drawing(document, now=now)

    def outcomes(recipient_id: int) -> list[tuple[str, str]]:
        return [(step.where.split(" ")[0], step.outcome) for step in path(run, recipient_id)][1:]

    assert outcomes(ada.pk) == [("a", "entered"), ("b", "not selected"), ("x", "kept"), ("u", "arrived")]
    assert outcomes(bob.pk) == [("a", "entered"), ("b", "entered"), ("x", "kept")]
    assert outcomes(carl.pk) == [("a", "not selected"), ("b", "not selected"), ("x", "not selected")]
    assert path(run, bob.pk)[3].reason == "leaves by rest"
    assert path(run, ada.pk)[0].at == run.scheduled_for


def test_who_is_dropped_is_told_where(now: datetime) -> None:
    ada, bob = make_recipients(2)
    document = drawing(
        [
            *people_of(make_list([ada, bob])),
            activity("q", "query", filter={"field": "email", "op": "equals", "value": bob.email}),
            activity("e", "end"),
        ],
        "a → q",
        "q → e",
    )
    run = run_drawing(document, now=now)

    assert [step.outcome for step in path(run, ada.pk)][1:] == ["entered", "dropped"]
    assert [step.outcome for step in path(run, bob.pk)][1:] == ["entered", "kept", "arrived"]


def test_a_task_that_has_not_ended_shows_its_state(now: datetime) -> None:
    (ada,) = make_recipients(1)
    document = drawing(
        [*people_of(make_list([ada])), activity("w", "wait", duration=1), activity("e", "end")], "a → w", "w → e"
    )

    steps = path(run_drawing(document, now=now), ada.pk)

    assert [step.outcome for step in steps] == ["Running", "entered", "Running", "Waiting"]
