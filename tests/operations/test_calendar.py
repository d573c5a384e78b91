"""What happened and what will, between two instants."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from deliveries.models import Delivery
from operations.calendar import Window, events, next_runs
from operations.models import Operation, Program, Workflow
from tests.flows.series import pump, scheduler, start_line
from tests.operations.factories import EVERYONE, activity

pytestmark = pytest.mark.django_db


def make_line(now: datetime, crontab: str = "0 6 * * *", label: str = "Birthdays", **config: Any) -> Workflow:
    tick = scheduler(crontab)
    tick["config"].update(config)
    return start_line(tick, activity("all", "query", filter=EVERYONE), activity("end", "end"), now=now, label=label)


def week(now: datetime, program: Program | None = None) -> Window:
    return Window(now - timedelta(days=1), now + timedelta(days=3), now, program)


def test_what_ran_has_a_state_and_what_will_run_is_planned(now: datetime) -> None:
    workflow = make_line(now - timedelta(days=1, hours=1))
    pump(workflow, now)

    found = [(event.at, event.is_planned) for event in events(week(now))]

    assert found == [(now, False), (now + timedelta(days=1), True), (now + timedelta(days=2), True)]


def test_a_stopped_workflow_plans_nothing(now: datetime) -> None:
    workflow = make_line(now)
    Workflow.objects.update(state=20)

    assert events(week(now)) == []
    assert next_runs([workflow], now) == {}


def test_runs_beyond_the_allowed_number_are_not_planned(now: datetime) -> None:
    workflow = make_line(now, max_runs=1)

    assert len(events(week(now))) == 1
    pump(workflow, now + timedelta(days=1))
    assert next_runs([workflow], now + timedelta(days=1)) == {}


def test_a_program_shows_only_its_own(now: datetime) -> None:
    ours, theirs = make_line(now, label="Ours"), make_line(now, label="Theirs")
    program = Program.objects.create(label="Loyalty")
    Operation.objects.filter(label="Ours").update(program=program)
    Delivery.objects.create(label="Ours", operation=ours.operation, contact_date=now)
    Delivery.objects.create(label="Theirs", operation=theirs.operation, contact_date=now)

    assert {event.label for event in events(week(now, program))} == {"Ours"}
    assert {event.label for event in events(week(now))} == {"Ours", "Theirs"}


def test_a_delivery_stands_at_its_contact_date_until_it_has_begun(now: datetime) -> None:
    delivery = Delivery.objects.create(label="Letter", contact_date=now + timedelta(hours=2))

    assert [event.at for event in events(week(now))] == [now + timedelta(hours=2)]
    Delivery.objects.filter(pk=delivery.pk).update(started_at=now)
    assert [(event.at, event.kind) for event in events(week(now))] == [(now, "delivery")]


def test_the_number_of_queries_does_not_grow(now: datetime, django_assert_num_queries: Any) -> None:
    for number in range(6):
        make_line(now, label=f"Line {number}")
    Delivery.objects.bulk_create(Delivery(label=str(number), contact_date=now) for number in range(10))

    with django_assert_num_queries(3):
        events(week(now))
