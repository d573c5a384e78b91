from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from operations import services
from operations.models import IncrementalMember, Workflow, WorkflowRun
from operations.workflow import engine
from operations.workflow.definition import InvalidDefinition, read_definition
from operations.workflow.execution import LEASE
from recipients.models import Recipient
from tests.factories import make_recipient, make_recipients
from tests.operations.factories import EVERYONE, activity, drawing, left_by, make_workflow, run_once, task_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def incremental(now: datetime, **config: Any) -> Workflow:
    document = drawing(
        [activity("new", "incremental_query", filter=EVERYONE, **config), activity("end", "end")], "new → end"
    )
    return make_workflow(document, now=now)


def run_on(workflow: Workflow, instant: datetime) -> WorkflowRun:
    return run_once(workflow, now=instant)


def test_nobody_is_returned_twice_even_after_a_restart(now: datetime) -> None:
    ada, bob = make_recipients(2)
    workflow = incremental(now)

    first = run_on(workflow, now)
    carl = make_recipient(3)
    services.start_workflow(workflow, now=now + DAY)
    engine.advance_due(now + DAY)

    assert left_by(first, "new") == [ada.pk, bob.pk]
    assert left_by(workflow.runs.latest("pk"), "new") == [carl.pk]


def test_nobody_new_ends_the_branch(now: datetime) -> None:
    make_recipient(1)
    workflow = incremental(now)
    run_on(workflow, now)

    run = run_on(workflow, now + DAY)

    assert task_of(run, "new").outlets == {"out": 0}
    assert task_of(run, "end").get_state_display() == "Skipped"
    assert run.get_state_display() == "Finished"


def test_after_the_days_of_the_history_a_person_may_come_again(now: datetime) -> None:
    ada = make_recipient(1)
    workflow = incremental(now, history_days=7)
    run_on(workflow, now)

    assert task_of(run_on(workflow, now + 6 * DAY), "new").outlets == {"out": 0}
    assert left_by(run_on(workflow, now + 7 * DAY), "new") == [ada.pk]
    assert IncrementalMember.objects.get().returned_at == now + 7 * DAY
    assert task_of(run_on(workflow, now + 13 * DAY), "new").outlets == {"out": 0}


def test_two_activities_do_not_share_their_memory(now: datetime) -> None:
    ada = make_recipient(1)
    run_on(incremental(now), now)

    assert left_by(run_on(incremental(now), now), "new") == [ada.pk]


def test_a_repeated_attempt_returns_the_same_people(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = make_recipient(1)
    workflow = incremental(now)
    run, _created = services.run_now(workflow, now=now)
    with monkeypatch.context() as patch:
        # The process dies after the work and before its end is written.
        patch.setattr("operations.workflow.execution._done", lambda *arguments: 1 / 0)
        patch.setattr("operations.workflow.execution._fail", lambda *arguments: None)
        engine.advance(run.pk, now=now)
    assert not IncrementalMember.objects.exists()

    engine.advance(run.pk, now=now + LEASE)

    assert left_by(run, "new") == [ada.pk]


def test_a_date_field_is_read_up_to_the_instant_of_the_run(now: datetime) -> None:
    early, late = make_recipient(1, created_at=now), make_recipient(2, created_at=now + timedelta(seconds=1))
    workflow = incremental(now, date_field="created_at")

    first, second = run_on(workflow, now), run_on(workflow, now + DAY)

    assert left_by(first, "new") == [early.pk]
    assert left_by(second, "new") == [late.pk]
    assert task_of(run_on(workflow, now + 2 * DAY), "new").outlets == {"out": 0}


def test_a_run_for_an_earlier_instant_does_not_turn_the_date_back(now: datetime) -> None:
    make_recipient(1, created_at=now - timedelta(hours=1))
    workflow = incremental(now, date_field="created_at")
    run_on(workflow, now)

    run_once(workflow, now=now, scheduled_for=now - DAY)

    assert task_of(run_on(workflow, now + DAY), "new").outlets == {"out": 0}


def test_a_day_is_a_date_in_the_zone_of_the_workflow(now: datetime) -> None:
    today = make_recipient(1, birth_date=now.date())
    make_recipient(2, birth_date=now.date() + DAY)
    workflow = incremental(now, date_field="birth_date")

    assert left_by(run_on(workflow, now), "new") == [today.pk]
    assert Recipient.objects.count() == 2


def test_the_configuration_has_one_mode(now: datetime) -> None:
    config = read_definition(incremental(now))["activities"][0]["config"]
    by_date = read_definition(incremental(now, date_field="created_at"))["activities"][0]["config"]

    assert config == {"filter": EVERYONE, "history_days": 0}
    assert by_date == {"filter": EVERYONE, "date_field": "created_at"}


def test_an_unknown_date_field_is_refused(now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="no date field “email”"):
        incremental(now, date_field="email")
