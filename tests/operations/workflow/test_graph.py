from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from operations.workflow.document import parse
from operations.workflow.graph import branch, clean, entries, find_faults, in_order
from tests.operations.factories import EVERYONE, activity, drawing, make_operation, make_workflow

pytestmark = pytest.mark.django_db
EVERY_MONDAY = {"schedule": {"crontab": "0 6 * * 1"}}


def query(name: str) -> dict[str, Any]:
    return activity(name, "query", filter=EVERYONE)


def faults_of(document: dict[str, Any], now: datetime) -> set[tuple[str, str]]:
    return {(fault.code, fault.activity) for fault in find_faults(document, make_workflow(now=now))}


def test_a_sound_drawing_has_no_fault(now: datetime) -> None:
    document = drawing(
        [activity("tick", "scheduler", **EVERY_MONDAY), query("who"), activity("end", "end")], "tick → who", "who → end"
    )

    assert faults_of(document, now) == set()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (drawing([]), {("no_entry", "")}),
        (
            drawing([activity("a", "union"), activity("b", "union")], "a → b", "b → a"),
            {("cycle", "a"), ("cycle", "b"), ("no_entry", "")},
        ),
        (
            drawing([query("q"), activity("tick", "scheduler", **EVERY_MONDAY)], "q → tick", "tick → q"),
            {("scheduler_with_inbound", "tick"), ("cycle", "q"), ("cycle", "tick"), ("no_entry", "")},
        ),
        (
            drawing(
                [
                    activity("one", "scheduler", **EVERY_MONDAY),
                    activity("two", "scheduler", **EVERY_MONDAY),
                    activity("all", "union"),
                    activity("end", "end"),
                ],
                "one → all",
                "two → all",
                "all → end",
            ),
            {("two_schedulers", "all"), ("two_schedulers", "end")},
        ),
        (drawing([query("q")]), {("dangling_outlet", "q")}),
        (
            drawing([query("q"), activity("both", "intersection"), activity("end", "end")], "q → both", "both → end"),
            {("missing_inbound", "both")},
        ),
        (
            drawing([query("q"), query("r"), activity("w", "wait", duration=1)], "q → w", "r → w"),
            {("too_many_inbound", "w"), ("dangling_outlet", "w")},
        ),
        (
            drawing([query("q"), activity("e", "end"), activity("u", "union"), activity("f", "end")], "q → e", "u → f"),
            {("missing_inbound", "u"), ("unreachable", "f")},
        ),
        (
            drawing([activity("r", "recurring_delivery", template=1)]),
            {("needs_operation", "r"), ("invalid_config", "r"), ("missing_inbound", "r"), ("no_entry", "")},
        ),
    ],
)
def test_each_fault_is_named_where_it_is(document: Any, expected: set[tuple[str, str]], now: datetime) -> None:
    assert faults_of(document, now) == expected


def test_a_recurring_delivery_is_sound_only_in_an_operation(now: datetime) -> None:
    document = drawing([activity("r", "recurring_delivery", template=1)])
    workflow = make_workflow(now=now, operation=make_operation())

    assert "needs_operation" not in {fault.code for fault in find_faults(document, workflow)}


def test_the_message_names_the_activity_and_what_to_do(now: datetime) -> None:
    faults = find_faults(drawing([query("who")]), make_workflow(now=now))

    assert [str(fault) for fault in faults] == ["dangling_outlet: who leads nowhere: connect an outlet (out)."]


def test_a_branch_is_what_its_scheduler_leads_to_and_all_that_this_needs(now: datetime) -> None:
    document = drawing(
        [
            activity("tick", "scheduler", **EVERY_MONDAY),
            query("who"),
            query("not them"),
            activity("left", "exclusion", main="who"),
            query("apart"),
            activity("end", "end"),
            activity("end apart", "end"),
        ],
        "tick → who",
        "who → left",
        "not them → left",
        "left → end",
        "not them → end apart",
        "apart → end apart",
    )
    definition, _faults = clean(parse(document), make_workflow(now=now))

    assert entries(definition) == ["tick", ""]
    assert branch(definition, "tick") == {"tick", "who", "not them", "left", "end"}
    assert branch(definition, "") == {"apart", "not them", "end apart"}


def test_the_order_puts_every_activity_after_what_leads_to_it() -> None:
    definition = parse(drawing([activity("c", "end"), query("b"), query("a")], "b → c", "a → b"))

    assert in_order(definition) == ["a", "b", "c"]
