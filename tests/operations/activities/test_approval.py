from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from operations import assignments, services
from operations.models import Assignment, TaskState
from operations.workflow import engine
from operations.workflow.definition import InvalidDefinition
from operations.workflow.exchange import export_document, import_document
from tests.factories import make_recipients
from tests.operations.activities.asking import asking, make_group, make_user, question_of
from tests.operations.factories import activity, drawing, left_by, make_workflow, numbers, run_drawing, task_of

pytestmark = pytest.mark.django_db
DEADLINE = {"duration": 2, "unit": "hours"}


def test_the_people_leave_by_the_first_answer(now: datetime) -> None:
    people = make_recipients(2)
    boss = make_user("boss", "answer_assignment")
    run = run_drawing(asking("approval", people, "ask.approve → yes", "ask.reject → no"), now=now)
    assert task_of(run, "ask").state == TaskState.RUNNING

    assignments.answer(question_of(run), choice="reject", by=boss, now=now, comment="Too early")
    engine.advance(run.pk, now=now)

    run.refresh_from_db()
    assert left_by(run, "ask", "reject") == numbers(people)
    assert task_of(run, "yes").state == TaskState.SKIPPED
    assert (run.vars["response"], run.vars["responder"]) == ("reject", "boss")


def test_the_question_says_what_the_run_knows(now: datetime) -> None:
    ada = make_user("ada")
    document = asking(
        "approval",
        make_recipients(3),
        "ask.approve → yes",
        title="Send to {{ count }} people?",
        message="For {{ scheduled_for.date }}{{ vars.nobody_set_this }}",
        user=ada.pk,
    )

    question = question_of(run_drawing(document, now=now))

    assert (question.title, question.message, question.user) == ("Send to 3 people?", "For 2025-10-06", ada)
    assert [choice["name"] for choice in question.choices] == ["approve", "reject"]


def test_without_an_answer_in_time_they_leave_by_expired(now: datetime) -> None:
    people = make_recipients(1)
    run = run_drawing(asking("approval", people, "ask.expired → late", deadline=DEADLINE), now=now)
    question = question_of(run)
    assert question.due_at == now + timedelta(hours=2)

    engine.advance(run.pk, now=now + timedelta(hours=2))

    assert left_by(run, "ask", "expired") == numbers(people)
    with pytest.raises(assignments.AlreadyAnswered, match="Nobody waits"):
        assignments.answer(question, choice="approve", by=None, now=now + timedelta(hours=2))


def test_an_answer_at_the_last_moment_counts(now: datetime) -> None:
    people = make_recipients(1)
    run = run_drawing(asking("approval", people, "ask.approve → yes", "ask.expired → late", deadline=DEADLINE), now=now)
    assignments.answer(question_of(run), choice="approve", by=None, now=now)

    engine.advance(run.pk, now=now + timedelta(hours=3))

    assert left_by(run, "ask", "approve") == numbers(people)


def test_a_task_whose_process_died_asks_once(
    now: datetime,
    mailoutbox: list[Any],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    settings: Settings,
) -> None:
    make_user("boss", "answer_assignment")
    with django_capture_on_commit_callbacks(execute=True):
        run = run_drawing(asking("approval", make_recipients(1), "ask.approve → yes"), now=now)
    run.tasks.filter(name="ask").update(resume_at=None, lease_until=now)

    later = now + timedelta(minutes=5)
    with django_capture_on_commit_callbacks(execute=True):
        engine.advance(run.pk, now=later)

    assert (Assignment.objects.count(), len(mailoutbox)) == (1, 1)
    assert mailoutbox[0].subject == "Send?"
    assert f"{settings.BASE_URL}/admin/operations/assignment/{question_of(run).pk}/change/" in mailoutbox[0].body


def test_a_mail_server_that_is_away_fails_no_task(
    now: datetime, settings: Settings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    make_user("boss", "answer_assignment")

    with django_capture_on_commit_callbacks(execute=True):
        run = run_drawing(asking("approval", make_recipients(1), "ask.approve → yes"), now=now)

    assert task_of(run, "ask").state == TaskState.RUNNING


def test_nobody_can_answer_once_the_run_is_stopped(now: datetime) -> None:
    workflow = make_workflow(asking("approval", make_recipients(1), "ask.approve → yes"), now=now)
    run, _created = services.run_now(workflow, now=now)
    engine.advance(run.pk, now=now)

    engine.stop_run(run, now=now)

    with pytest.raises(assignments.AlreadyAnswered):
        assignments.answer(question_of(run), choice="approve", by=None, now=now)
    assert not assignments.waiting_for(make_user("boss", "answer_assignment")).exists()


def test_a_rehearsal_asks_nobody(now: datetime) -> None:
    from operations.rehearsal.simulation import simulate

    people = make_recipients(2)
    workflow = make_workflow(asking("approval", people, "ask.approve → yes", "ask.reject → no"), now=now)

    result = simulate(workflow.versions.get(), starts_at=now, ends_at=now + timedelta(days=1))

    assert result["runs"][0]["tasks"]["ask"]["outlets"] == {"approve": 2}
    assert Assignment.objects.count() == 0


def test_group_and_person_travel_by_name(now: datetime) -> None:
    ada = make_user("ada")
    group = make_group("Brand", ada)
    document = asking("approval", [], "ask.approve → yes", group=group.pk, user=ada.pk)
    text = export_document(make_workflow(document, now=now))
    assert "group: Brand" in text
    assert "user: ada" in text

    copy = make_workflow(now=now)
    import_document(copy, text)
    config = copy.activities.get(name="ask").config
    assert (config["group"], config["user"]) == (group.pk, ada.pk)

    group.delete()
    with pytest.raises(InvalidDefinition, match="there is no Brand here"):
        import_document(copy, text)


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"title": ""}, "title"),
        ({"title": "{{ secret }}"}, "there is no “secret”"),
        ({"title": "{{ vars.f() }}"}, "nothing can be called"),
        ({"message": "{{ count | upper }}"}, "not allowed here"),
        ({"choices": []}, "choices"),
        ({"choices": [{"name": "expired"}]}, "is taken"),
        ({"choices": [{"name": "a"}, {"name": "a"}]}, "is taken"),
        ({"choices": [{"name": "a", "label": 1}]}, "A label is a text"),
        ({"deadline": {"duration": 0, "unit": "days"}}, "whole number"),
        ({"deadline": {"duration": 1, "unit": "years"}}, "no unit"),
        ({"deadline": 3}, "An object such as"),
        ({"group": 999}, "There is no group 999"),
        ({"user": 999}, "There is no user 999"),
    ],
)
def test_a_faulty_question_is_refused(config: dict[str, Any], why: str, now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match=why):
        make_workflow(drawing([activity("ask", "approval", **{"title": "Send?", **config})]), now=now)
