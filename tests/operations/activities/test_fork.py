from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from operations.models import Population
from operations.workflow.definition import InvalidDefinition
from tests.factories import make_recipients
from tests.operations.factories import (
    activity,
    drawing,
    left_by,
    make_list,
    make_workflow,
    numbers,
    people_of,
    run_drawing,
)

pytestmark = pytest.mark.django_db


def test_the_same_people_leave_everywhere_without_being_copied(now: datetime) -> None:
    people = make_recipients(2)
    document = drawing(
        [*people_of(make_list(people)), activity("f", "fork", outlets=["left", "right"]), activity("end", "end")],
        "a → f",
        "f.left → end",
        "f.right → end",
    )

    run = run_drawing(document, now=now)

    assert left_by(run, "f", "left") == left_by(run, "f", "right") == numbers(people)
    assert Population.objects.count() == 1


@pytest.mark.parametrize("outlets", [None, [], "left", ["a", "a"], [""], [3]])
def test_faulty_outlets_are_refused(outlets: Any, now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="invalid_config"):
        make_workflow(drawing([activity("f", "fork", outlets=outlets)]), now=now)
