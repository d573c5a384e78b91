from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operations import services
from operations.activities import sql
from operations.models import WorkflowRun
from operations.workflow import engine
from operations.workflow.definition import InvalidDefinition
from operations.workflow.permission import ActivityNotAllowed
from recipients.models import Recipient
from tests.factories import make_recipient, make_recipients
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
ALL = "SELECT id AS recipient_id FROM recipients_recipient"


def document(statement: str) -> dict[str, Any]:
    boxes = [activity("s", "start"), activity("q", "sql", statement=statement), activity("end", "end")]
    return drawing(boxes, "s → q", "q → end")


def run_sql(statement: str, now: datetime) -> WorkflowRun:
    return run_drawing(document(statement), now=now)


def test_the_people_are_those_who_exist_each_once(now: datetime) -> None:
    ada = make_recipient(1, country_code="FR")
    make_recipient(2)

    run = run_sql(
        f"{ALL} WHERE country_code = 'FR' UNION ALL {ALL} WHERE first_name LIKE 'First%%' AND country_code = 'FR'"
        " UNION ALL SELECT 999999",
        now,
    )

    assert left_by(run, "q") == [ada.pk]


def test_a_with_clause_may_stand_first(now: datetime) -> None:
    people = make_recipients(2)

    run = run_sql(f"WITH chosen AS ({ALL}) SELECT recipient_id FROM chosen", now)

    assert left_by(run, "q") == numbers(people)


def test_the_instant_and_the_variables_are_bound_and_never_written_into_the_statement(now: datetime) -> None:
    ada, _bob = make_recipient(1, last_name="x' OR '1'='1"), make_recipient(2)
    statement = f"{ALL} WHERE last_name = %(name)s AND created_at > %(scheduled_for)s"
    run, _created = services.run_now(make_workflow(document(statement), now=now), now=now)
    WorkflowRun.objects.filter(pk=run.pk).update(vars={"name": "x' OR '1'='1"})

    engine.advance(run.pk, now=now)

    assert left_by(run, "q") == [ada.pk]


def test_only_those_who_come_in_are_looked_at_where_people_come_in(now: datetime) -> None:
    ada, _bob = make_recipients(2)
    boxes = [*people_of(make_list([ada])), activity("q", "sql", statement=ALL), activity("end", "end")]

    run = run_drawing(drawing(boxes, "a → q", "q → end"), now=now)

    assert left_by(run, "q") == [ada.pk]


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "DELETE FROM recipients_recipient",
        "SELECT 1; DELETE FROM recipients_recipient",
        "SELECT 1 -- x",
        "SELECT 1 /* x */",
        "SELECT $$x$$",
        "SELECT E'\\''",
        "SELECT 1) AS x, (SELECT 2",
        "SELECT (1",
        "SELECT 100 % 3 AS recipient_id",
        "SELECTED",
    ],
)
def test_what_is_not_one_select_is_refused(statement: str, now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="invalid_config"):
        make_workflow(document(statement), now=now)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM recipients_recipient",
        "SELECT recipient_id FROM nowhere",
        f"{ALL} WHERE last_name = %(nobody)s",
        "WITH gone AS (DELETE FROM recipients_recipient RETURNING id) SELECT id AS recipient_id FROM gone",
    ],
)
def test_a_statement_that_fails_suspends_the_workflow_and_changes_nothing(statement: str, now: datetime) -> None:
    make_recipients(2)

    run = run_sql(statement, now)

    assert task_of(run, "q").error
    assert not run.log.filter(message__contains="Unexpected").exists()
    assert Recipient.objects.count() == 2


def test_a_statement_that_takes_too_long_is_ended(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "SECONDS", 1)
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000)"
        " SELECT COUNT(*) AS recipient_id FROM n"
    )

    run = run_sql(endless, now)

    assert "The statement fails" in task_of(run, "q").error


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no functions that write")
def test_a_function_that_writes_is_refused(now: datetime) -> None:
    run = run_sql("SELECT nextval('recipients_recipient_id_seq') AS recipient_id", now)

    assert "read-only" in task_of(run, "q").error


def test_drawing_one_needs_a_permission(now: datetime) -> None:
    user = User.objects.create_user("eva")
    workflow = make_workflow(now=now)

    with pytest.raises(ActivityNotAllowed):
        services.save_definition(workflow, document(ALL), by=user, now=now)

    user.user_permissions.add(Permission.objects.get(codename="run_sql"))
    services.save_definition(workflow, document(ALL), by=User.objects.get(pk=user.pk), now=now)


def test_the_number_of_statements_does_not_grow_with_the_people(now: datetime) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            run_sql(ALL, now)
        return len(queries)

    make_recipients(3)
    few = statements()
    make_recipients(300)
    assert statements() == few
