from __future__ import annotations

from datetime import datetime

import pytest

from operations.workflow.definition import InvalidDefinition
from tests.factories import make_recipients
from tests.operations.factories import activity, drawing, left_by, make_list, make_workflow, people_of, run_drawing

pytestmark = pytest.mark.django_db
END = activity("end", "end")


def test_the_main_set_leaves_without_the_others(now: datetime) -> None:
    ada, bob, carl, dora = make_recipients(4)
    lists = make_list([bob]), make_list([ada, bob, carl]), make_list([carl, dora])
    document = drawing(
        [*people_of(*lists), activity("x", "exclusion", main="b"), END], "a → x", "b → x", "c → x", "x → end"
    )

    run = run_drawing(document, now=now)

    assert left_by(run, "x") == [ada.pk]
    assert left_by(run, "x", "rest") == [bob.pk, carl.pk]


@pytest.mark.parametrize(("config", "why"), [({}, "main"), ({"main": "c"}, "“c” has no transition")])
def test_the_main_set_must_come_in(config: dict[str, str], why: str, now: datetime) -> None:
    lists = make_list(), make_list()
    document = drawing([*people_of(*lists), activity("x", "exclusion", **config), END], "a → x", "b → x", "x → end")

    with pytest.raises(InvalidDefinition, match=why):
        make_workflow(document, now=now)
