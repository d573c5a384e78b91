from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from operations import assignments
from operations.workflow import engine
from operations.workflow.definition import InvalidDefinition
from tests.factories import make_recipients
from tests.operations.activities.asking import asking, question_of
from tests.operations.factories import activity, drawing, left_by, make_workflow, numbers, run_drawing

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("choice", ["completed", "not_completed"])
def test_the_people_leave_by_what_was_done(choice: str, now: datetime) -> None:
    people = make_recipients(2)
    run = run_drawing(asking("task", people, "ask.completed → yes", "ask.not_completed → no"), now=now)

    assignments.answer(question_of(run), choice=choice, by=None, now=now)
    engine.advance(run.pk, now=now)

    assert left_by(run, "ask", choice) == numbers(people)


def test_what_is_not_done_in_time_is_not_completed(now: datetime) -> None:
    people = make_recipients(1)
    deadline = {"duration": 1, "unit": "days"}
    run = run_drawing(asking("task", people, "ask.not_completed → no", deadline=deadline), now=now)

    engine.advance(run.pk, now=now + timedelta(days=1))

    run.refresh_from_db()
    assert left_by(run, "ask", "not_completed") == numbers(people)
    assert run.vars == {"response": "expired", "responder": ""}


@pytest.mark.parametrize("config", [{}, {"title": "x", "choices": []}, {"title": "x", "deadline": {"duration": 1}}])
def test_a_faulty_task_is_refused(config: dict[str, Any], now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="invalid_config"):
        make_workflow(drawing([activity("ask", "task", **config)]), now=now)
