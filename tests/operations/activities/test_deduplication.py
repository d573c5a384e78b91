from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from operations.models import WorkflowRun
from operations.workflow.definition import InvalidDefinition
from tests.factories import make_recipient
from tests.operations.factories import EVERYONE, activity, drawing, left_by, make_workflow, numbers, run_drawing

pytestmark = pytest.mark.django_db


def deduplicate(now: datetime, **config: Any) -> WorkflowRun:
    document = drawing(
        [activity("q", "query", filter=EVERYONE), activity("d", "deduplication", **config), activity("end", "end")],
        "q → d",
        "d → end",
    )
    return run_drawing(document, now=now)


def test_of_two_spellings_of_one_address_the_first_is_kept(now: datetime) -> None:
    ada = make_recipient(1, email="Ada@example.com")
    again = make_recipient(2, email="ada@EXAMPLE.com")
    bob = make_recipient(3)

    run = deduplicate(now)

    assert left_by(run, "d") == numbers([ada, bob])
    assert left_by(run, "d", "rest") == [again.pk]


def test_people_without_an_address_are_no_duplicates(now: datetime) -> None:
    people = [make_recipient(1, email=""), make_recipient(2, email="")]

    assert left_by(deduplicate(now), "d") == numbers(people)


def test_the_last_in_the_chosen_order_is_kept(now: datetime) -> None:
    make_recipient(1, email="x@example.com", last_name="A")
    zoe = make_recipient(2, email="x@example.com", last_name="Z")
    make_recipient(3, email="x@example.com", last_name="B")

    assert left_by(deduplicate(now, keep="last", order_by="last_name"), "d") == [zoe.pk]


def test_several_fields_must_all_be_the_same(now: datetime) -> None:
    ada = make_recipient(1, first_name="Ada", attributes={"town": "Nice"})
    make_recipient(2, first_name="Ada", attributes={"town": "Nice"})
    elsewhere = make_recipient(3, first_name="Ada", attributes={"town": "Brest"})
    nowhere = make_recipient(4, first_name="Ada")

    run = deduplicate(now, by=["first_name", "attributes.town"])

    assert left_by(run, "d") == numbers([ada, elsewhere, nowhere])


@pytest.mark.parametrize(
    "config", [{"by": []}, {"by": "email"}, {"by": ["colour"]}, {"keep": "best"}, {"order_by": "x"}]
)
def test_a_faulty_configuration_is_refused(config: dict[str, Any], now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="invalid_config"):
        make_workflow(drawing([activity("d", "deduplication", **config)]), now=now)
