"""What workflows ask of people: who may answer, the page, the API and the command."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from installation.models import AuditEntry
from operations import assignments
from operations.models import Assignment, WorkflowRun
from operations.workflow import engine
from tests.factories import make_recipients
from tests.operations.activities.asking import asking, make_group, make_user, question_of
from tests.operations.factories import left_by, numbers, run_drawing

pytestmark = pytest.mark.django_db
LINES = ("ask.approve → yes", "ask.reject → no")
PAGE = "/admin/operations/assignment/"


def ask(now: datetime, *people: Any, **config: Any) -> WorkflowRun:
    return run_drawing(asking("approval", people or make_recipients(1), *LINES, **config), now=now)


def page(user: User) -> Client:
    client = Client()
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client.force_login(user)
    return client


def api(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_the_person_the_group_and_whoever_may_answer_all_may_answer(now: datetime) -> None:
    ada, bob, boss, stranger = (make_user(name) for name in ("ada", "bob", "boss", "stranger"))
    boss = make_user("big", "answer_assignment")
    question = question_of(ask(now, user=ada.pk, group=make_group("Brand", bob).pk))

    may = [assignments.may_answer(question, user) for user in (ada, bob, boss, stranger)]
    seen = [assignments.waiting_for(user).exists() for user in (ada, bob, boss, stranger)]

    assert may == seen == [True, True, True, False]
    with pytest.raises(assignments.NotYours):
        assignments.answer(question, choice="approve", by=stranger, now=now)


def test_the_first_answer_counts(now: datetime) -> None:
    ada, bob = make_user("ada"), make_user("bob")
    run = ask(now, group=make_group("Brand", ada, bob).pk)
    question, seen_by_bob = question_of(run), question_of(run)

    assignments.answer(question, choice="approve", by=ada, now=now)
    with pytest.raises(assignments.AlreadyAnswered, match="ada has answered already: Approve"):
        assignments.answer(seen_by_bob, choice="reject", by=bob, now=now)

    assert question_of(run).answer == "approve"


def test_an_answer_is_one_of_the_choices(now: datetime) -> None:
    with pytest.raises(assignments.UnknownChoice, match="there are approve, reject"):
        assignments.answer(question_of(ask(now)), choice="perhaps", by=None, now=now)


def test_nobody_in_particular_means_whoever_may_answer_all(now: datetime) -> None:
    boss, _stranger = make_user("boss", "answer_assignment"), make_user("stranger")

    assert assignments.people_asked(question_of(ask(now))) == [boss]


def test_the_page_lists_what_waits_for_the_reader(now: datetime) -> None:
    ada, bob = make_user("ada"), make_user("bob")
    ask(now, user=ada.pk, title="For Ada")
    ask(now, user=bob.pk, title="For Bob")

    text = page(ada).get(PAGE).content.decode()

    assert "For Ada" in text
    assert "For Bob" not in text


def test_the_list_asks_the_database_as_often_for_many_as_for_few(now: datetime) -> None:
    boss = make_user("boss", "answer_assignment")
    client = page(boss)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(PAGE).status_code == 200
        return len(captured)

    ask(now, user=boss.pk)
    queries()
    few = queries()
    for _number in range(4):
        ask(now, user=boss.pk)
    assert queries() == few


def test_an_answer_is_given_in_the_dialog_and_the_people_go_on(now: datetime) -> None:
    people = make_recipients(2)
    ada = make_user("ada")
    run = ask(now, *people, user=ada.pk, message="Is it <b>right</b>?")
    number = question_of(run).pk
    client = page(ada)

    shown = client.get(f"{PAGE}{number}/change/").content.decode()
    dialog = client.get(f"{PAGE}{number}/answer/").content.decode()
    client.post(f"{PAGE}{number}/answer/", {"choice": "approve", "reason": "Well done"})
    engine.advance(run.pk, now=now + timedelta(minutes=2))

    assert f"{PAGE}{number}/answer/" in shown
    assert "2 people wait" in shown
    assert "&lt;b&gt;right" in shown
    assert 'value="reject"' in dialog
    assert left_by(run, "ask", "approve") == numbers(people)
    answered = question_of(run)
    assert (answered.answered_by, answered.comment) == (ada, "Well done")
    assert AuditEntry.objects.filter(action="answer", user=ada).exists()
    assert "Well done" in client.get(f"{PAGE}{number}/change/").content.decode()


def test_the_page_of_another_is_not_shown(now: datetime) -> None:
    number = question_of(ask(now, user=make_user("ada").pk)).pk
    client = page(make_user("stranger"))

    assert [client.get(f"{PAGE}{number}/{name}/").status_code for name in ("change", "answer")] == [404, 404]


def test_who_only_reads_can_not_answer(now: datetime) -> None:
    number = question_of(ask(now, user=make_user("ada").pk)).pk
    client = page(make_user("reader", "view_assignment"))

    assert "data-dialog" not in client.get(f"{PAGE}{number}/change/").content.decode()
    assert client.post(f"{PAGE}{number}/answer/", {"choice": "approve"}).status_code == 403


def test_the_api_lists_and_answers(now: datetime) -> None:
    ada = make_user("ada")
    run = ask(now, user=ada.pk)
    number = question_of(run).pk
    client = api(ada)

    listed = client.get("/api/v1/assignments/?open=true").data["results"]
    answered = client.post(f"/api/v1/assignments/{number}/answer/", {"choice": "reject", "comment": "No"})
    again = client.post(f"/api/v1/assignments/{number}/answer/", {"choice": "approve"})

    assert [(row["id"], row["workflow_run"], row["activity"]) for row in listed] == [(number, run.pk, "ask")]
    assert listed[0]["choices"] == [{"name": "approve", "label": "Approve"}, {"name": "reject", "label": "Reject"}]
    assert (answered.status_code, answered.data["answer"], answered.data["answered_by"]) == (200, "reject", ada.pk)
    assert (again.status_code, again.data["code"]) == (409, "illegal_state")
    assert client.get("/api/v1/assignments/?open=true").data["results"] == []


def test_the_api_shows_nobody_what_is_asked_of_others(now: datetime) -> None:
    number = question_of(ask(now, user=make_user("ada").pk)).pk
    client = api(make_user("stranger"))

    assert client.get("/api/v1/assignments/").data["results"] == []
    assert client.post(f"/api/v1/assignments/{number}/answer/", {"choice": "approve"}).status_code == 404


def test_the_command_lists_and_answers(now: datetime) -> None:
    question = question_of(ask(now))
    listed, answered = StringIO(), StringIO()

    call_command("assignment", "list", "--json", stdout=listed)
    call_command("assignment", "answer", question.pk, "approve", "--comment", "Fine", stdout=answered)

    assert [row["choices"] for row in json.loads(listed.getvalue())] == [["approve", "reject"]]
    assert answered.getvalue() == f"Assignment {question.pk}: Approve\n"
    assert Assignment.objects.get().comment == "Fine"
    with pytest.raises(CommandError, match="answered already"):
        call_command("assignment", "answer", question.pk, "reject")
