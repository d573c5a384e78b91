from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operations.models import WorkflowRun
from recipients.models import Recipient, RecipientList
from tests.factories import make_recipients
from tests.operations.factories import activity, drawing, left_by, make_list, numbers, people_of, run_drawing, task_of

pytestmark = pytest.mark.django_db


def update(people: list[Recipient], target: RecipientList, now: datetime, **config: Any) -> WorkflowRun:
    document = drawing([*people_of(make_list(people)), activity("u", "list_update", list=target.pk, **config)], "a → u")
    return run_drawing(document, now=now)


def members(target: RecipientList) -> list[int]:
    return sorted(target.members.values_list("recipient_id", flat=True))


def test_people_are_added_once(now: datetime) -> None:
    ada, bob, carl = make_recipients(3)
    target = make_list([ada, bob])

    run = update([bob, carl], target, now)

    assert members(target) == numbers([ada, bob, carl])
    assert run.log.filter(message__contains="1 added, 0 removed").exists()
    assert task_of(run, "u").outlets == {}


def test_replace_leaves_only_those_who_came(now: datetime) -> None:
    ada, bob, carl = make_recipients(3)
    target, other = make_list([ada, bob]), make_list([ada])

    update([bob, carl], target, now, mode="replace")

    assert (members(target), members(other)) == (numbers([bob, carl]), [ada.pk])


def test_with_an_outbound_transition_the_people_go_on(now: datetime) -> None:
    people = make_recipients(2)

    run = update(people, make_list(), now, outbound=True)

    assert left_by(run, "u") == numbers(people)


def test_a_signal_brings_nobody_to_put_into_a_list(now: datetime) -> None:
    document = drawing([activity("s", "start"), activity("u", "list_update", list=make_list().pk)], "s → u")

    run = run_drawing(document, now=now)

    assert task_of(run, "u").error == "No people come in: put a query or a list before “u”."


def test_the_number_of_statements_does_not_grow_with_the_people(now: datetime) -> None:
    def statements(people: list[Recipient]) -> int:
        target = make_list(people[:1])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            update(people, target, now, mode="replace")
        return len(queries)

    few = statements(make_recipients(3))
    assert statements(make_recipients(300)) == few
