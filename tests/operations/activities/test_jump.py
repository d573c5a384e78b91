from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from operations.workflow.definition import InvalidDefinition, read_definition
from operations.workflow.graph import find_faults
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
    task_of,
)

pytestmark = pytest.mark.django_db


def start(name: str, number: int) -> dict[str, Any]:
    return activity(name, "jump", kind="start", number=number)


def end(name: str, number: int) -> dict[str, Any]:
    return activity(name, "jump", kind="end", number=number)


def test_people_go_on_at_the_end_with_the_same_number(now: datetime) -> None:
    ada, bob = make_recipients(2)
    document = drawing(
        [
            *people_of(make_list([ada]), make_list([bob])),
            start("s1", 1),
            start("s2", 2),
            end("e1", 1),
            end("e2", 2),
            activity("x", "end"),
            activity("y", "end"),
        ],
        "a → s1",
        "b → s2",
        "e1 → x",
        "e2 → y",
    )

    run = run_drawing(document, now=now)

    assert (left_by(run, "e1"), left_by(run, "e2")) == ([ada.pk], [bob.pk])
    assert {task.get_state_display() for task in run.tasks.all()} == {"Done"}


def test_all_who_jump_to_one_end_go_on_together(now: datetime) -> None:
    ada, bob, carl = make_recipients(3)
    document = drawing(
        [
            *people_of(make_list([ada, bob]), make_list([bob, carl])),
            start("s", 1),
            start("t", 1),
            end("e", 1),
            activity("x", "end"),
        ],
        "a → s",
        "b → t",
        "e → x",
    )

    assert left_by(run_drawing(document, now=now), "e") == numbers([ada, bob, carl])


def test_a_branch_that_was_not_taken_jumps_nowhere(now: datetime) -> None:
    conditions = [{"name": "never", "when": "count > 99"}]
    document = drawing(
        [
            *people_of(make_list(make_recipients(1))),
            activity("t", "test", conditions=conditions),
            start("s", 1),
            end("e", 1),
            activity("x", "end"),
        ],
        "a → t",
        "t.never → s",
        "e → x",
    )

    assert task_of(run_drawing(document, now=now), "e").get_state_display() == "Skipped"


def test_the_line_is_not_part_of_the_saved_drawing(now: datetime) -> None:
    document = drawing([*people_of(make_list()), start("s", 1), end("e", 1), activity("x", "end")], "a → s", "e → x")

    saved = read_definition(make_workflow(document, now=now))

    assert [(arrow["source"], arrow["target"]) for arrow in saved["transitions"]] == [("a", "s"), ("e", "x")]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (("e → w", "w → s"), "cycle"),
        (("a → s", "s → w", "e → w"), "jump_with_line"),
        (("a → s", "a → e", "e → w"), "jump_with_line"),
    ],
)
def test_a_jump_that_can_not_be_is_refused(lines: tuple[str, ...], fault: str, now: datetime) -> None:
    wait = activity("w", "wait", duration=1, unit="days")
    document = drawing([*people_of(make_list()), start("s", 1), end("e", 1), wait], *lines)

    with pytest.raises(InvalidDefinition, match=fault):
        make_workflow(document, now=now)


def test_two_ends_with_one_number_are_refused(now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="both the end of jump 1"):
        make_workflow(drawing([end("e", 1), end("f", 1)]), now=now)


def test_a_start_that_nothing_leads_to_is_unfinished(now: datetime) -> None:
    workflow = make_workflow(drawing([start("s", 1), end("e", 1)]), now=now)

    assert "missing_inbound" in {fault.code for fault in find_faults(read_definition(workflow), workflow)}


@pytest.mark.parametrize("config", [{"number": 0}, {"kind": "middle", "number": 1}, {"number": "x"}, {"to": 1}])
def test_a_faulty_point_is_refused(config: dict[str, Any], now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="invalid_config"):
        make_workflow(drawing([activity("j", "jump", **config)]), now=now)
