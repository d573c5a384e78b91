from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from operations import assignments
from operations.models import Assignment
from operations.workflow.definition import InvalidDefinition
from tests.factories import make_recipients
from tests.operations.activities.asking import asking, make_group, make_user, question_of
from tests.operations.factories import activity, drawing, left_by, make_workflow, numbers, run_drawing

pytestmark = pytest.mark.django_db


def test_a_group_is_told_and_nobody_is_waited_for(
    now: datetime, mailoutbox: list[Any], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    people = make_recipients(2)
    ada, bob, _stranger = make_user("ada"), make_user("bob"), make_user("carl")
    group = make_group("Brand", ada, bob, make_user("gone", is_active=False))

    with django_capture_on_commit_callbacks(execute=True):
        run = run_drawing(
            asking("alert", people, "ask → end", group=group.pk, title="{{ count }} people\nchosen"), now=now
        )

    assert left_by(run, "ask") == numbers(people)
    assert sorted(mail.to for mail in mailoutbox) == [["ada@example.com"], ["bob@example.com"]]
    assert {mail.subject for mail in mailoutbox} == {"2 people chosen"}
    assert run.log.filter(message__contains="to 2 people").exists()


def test_there_is_nothing_to_answer(now: datetime) -> None:
    ada = make_user("ada")
    question = question_of(run_drawing(asking("alert", [], "ask → end", user=ada.pk), now=now))

    assert question.kind == Assignment.Kind.ALERT
    assert not assignments.waiting_for(ada).exists()
    with pytest.raises(assignments.UnknownChoice):
        assignments.answer(question, choice="approve", by=ada, now=now)


def test_a_faulty_alert_is_refused(now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="title"):
        make_workflow(drawing([activity("ask", "alert")]), now=now)
