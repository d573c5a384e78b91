from __future__ import annotations

from datetime import datetime

import pytest

from operations import services
from operations.models import WorkflowState
from operations.workflow import engine
from operations.workflow.definition import InvalidDefinition
from tests.factories import make_recipients
from tests.operations.factories import activity, drawing, left_by, make_list, make_workflow, people_of, run_drawing

pytestmark = pytest.mark.django_db
END = activity("end", "end")


def test_the_members_of_the_list_leave(now: datetime) -> None:
    ada, bob, _carl = make_recipients(3)

    run = run_drawing(drawing([*people_of(make_list([ada, bob])), END], "a → end"), now=now)

    assert left_by(run, "a") == [ada.pk, bob.pk]


def test_a_set_that_comes_in_only_says_when(now: datetime) -> None:
    ada, bob = make_recipients(2)
    lists = make_list([ada]), make_list([bob])

    run = run_drawing(drawing([*people_of(*lists), END], "a → b", "b → end"), now=now)

    assert left_by(run, "b") == [bob.pk]


def test_a_list_that_is_not_there_is_refused(now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="no recipient list 999"):
        make_workflow(drawing([activity("a", "read_list", list=999)]), now=now)


def test_a_list_that_has_gone_meanwhile_suspends_the_workflow(now: datetime) -> None:
    chosen = make_list()
    workflow = make_workflow(drawing([*people_of(chosen), END], "a → end"), now=now)
    services.start_workflow(workflow, now=now)
    chosen.delete()

    engine.advance_due(now)

    workflow.refresh_from_db()
    assert (workflow.state, workflow.failed) == (WorkflowState.PAUSED, True)
    assert "any more" in workflow.runs.get().error
