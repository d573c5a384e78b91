"""What workflows ask of people: asked once for each task, answered by the first who may, closed with the task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import IllegalState, Invalid, Refused
from operations.models import ActivityRun, Assignment, TaskState
from operations.notifications import notify
from operations.workflow import engine

ANSWER = "operations.answer_assignment"
EXPIRED = "expired"
# Names that have a wording of ours; others are shown as they are.
LABELS = {
    "approve": gettext_lazy("Approve"),
    "reject": gettext_lazy("Reject"),
    "completed": gettext_lazy("Completed"),
    "not_completed": gettext_lazy("Not completed"),
    EXPIRED: gettext_lazy("Expired"),
}
MAXIMUM_COMMENT = 5_000


class NotYours(Refused):
    """Somebody else is asked."""

    code = "not_yours"


class UnknownChoice(Invalid):
    """The answer is none of the choices; the message names them."""

    code = "unknown_choice"


class AlreadyAnswered(IllegalState):
    """The first answer counts, and it was given; or nobody waits for one any more."""


@dataclass(frozen=True)
class Question:
    """What is asked or said. `choices` as [{"name", "label"}]; without any there is nothing to answer."""

    kind: str
    title: str
    message: str = ""
    group: int | None = None
    user: int | None = None
    choices: Sequence[Mapping[str, str]] = field(default_factory=tuple)
    due_at: datetime | None = None


@transaction.atomic
def ask(task: ActivityRun, question: Question, *, now: datetime) -> Assignment:
    """Keep the question and tell whom it is for; the same one again for the same task."""
    values = {
        "kind": question.kind,
        "title": question.title[:200],
        "message": question.message,
        # A group or a person that is gone since: whoever may answer does.
        "group": Group.objects.filter(pk__in=[question.group]).first(),
        "user": User.objects.filter(pk__in=[question.user]).first(),
        "choices": [dict(choice) for choice in question.choices],
        "due_at": question.due_at,
        "created_at": now,
    }
    assignment, is_new = Assignment.objects.get_or_create(task=task, defaults=values)
    if is_new:
        notify(people_asked(assignment), subject=assignment.title, body=_mail(assignment))
    return assignment


@transaction.atomic
def answer(assignment: Assignment, *, choice: str, by: User | None, now: datetime, comment: str = "") -> Assignment:
    """Give the answer, once and for all; the task goes on. `by` is None at the command line, which may answer all.

    Raises NotYours, UnknownChoice, AlreadyAnswered.
    """
    if by is not None and not may_answer(assignment, by):
        raise NotYours(_("“%(title)s” is asked of somebody else.") % {"title": assignment.title})
    names = [entry["name"] for entry in assignment.choices]
    if choice not in names:
        message = _("“%(choice)s” is none of the answers; there are %(choices)s.")
        values = {"choice": choice, "choices": ", ".join(names) or _("none")}
        raise UnknownChoice(message % values, fields={"choice": [message % values]})
    if not _close(assignment, choice, by, now, comment):
        assignment.refresh_from_db()
        raise AlreadyAnswered(_why_closed(assignment))
    engine.wake(assignment.task_id, now=now)
    assignment.refresh_from_db()
    return assignment


def expire(assignment: Assignment, *, now: datetime) -> bool:
    """The deadline has come: nobody can answer any more. False if somebody just did."""
    return _close(assignment, EXPIRED, None, now, "")


def withdraw(task: ActivityRun, *, now: datetime) -> None:
    """The task was stopped: nobody waits for the answer."""
    Assignment.objects.filter(task=task, answered_at__isnull=True).update(answered_at=now)


def may_answer(assignment: Assignment, user: Any) -> bool:
    """The person asked, a member of the group, or whoever may answer everything."""
    if user.has_perm(ANSWER):
        return True
    asked = assignment.user_id == user.pk
    return bool(asked or (assignment.group_id and user.groups.filter(pk=assignment.group_id).exists()))


def visible_to(user: Any) -> QuerySet[Assignment]:
    """The assignments that this user may read."""
    rows = Assignment.objects.all()
    if user.has_perm(ANSWER) or user.has_perm("operations.view_assignment"):
        return rows
    return rows.filter(Q(user=user.pk) | Q(group__in=user.groups.values("pk")))


def waiting_for(user: Any) -> QuerySet[Assignment]:
    """The open questions that this user may answer."""
    rows = Assignment.objects.filter(answered_at__isnull=True).exclude(kind=Assignment.Kind.ALERT)
    if user.has_perm(ANSWER):
        return rows
    return rows.filter(Q(user=user.pk) | Q(group__in=user.groups.values("pk")))


def people_asked(assignment: Assignment) -> list[User]:
    """The person, else the group, else whoever may answer everything."""
    if assignment.user is not None:
        return [assignment.user]
    if assignment.group is not None:
        return list(assignment.group.user_set.filter(is_active=True).order_by("pk"))
    allowed = User.objects.with_perm(ANSWER, backend="django.contrib.auth.backends.ModelBackend")
    return list(allowed.order_by("pk"))


def choice_label(choice: Mapping[str, str]) -> str:
    """The wording of one choice in the reader's language."""
    return choice.get("label") or str(LABELS.get(choice["name"], choice["name"]))


def answer_label(assignment: Assignment) -> str:
    """What was answered, in words; empty for what is open, or was withdrawn."""
    known = {choice["name"]: choice_label(choice) for choice in assignment.choices}
    return known.get(assignment.answer) or str(LABELS.get(assignment.answer, assignment.answer))


def _close(assignment: Assignment, choice: str, by: User | None, now: datetime, comment: str) -> bool:
    open_rows = Assignment.objects.filter(pk=assignment.pk, answered_at__isnull=True)
    waiting = open_rows.filter(task__state__in=[TaskState.WAITING, TaskState.RUNNING, TaskState.FAILED])
    # By number: the database updates one table.
    numbers = list(waiting.values_list("pk", flat=True))
    changed = open_rows.filter(pk__in=numbers).update(
        answer=choice, answered_by=by, answered_at=now, comment=comment[:MAXIMUM_COMMENT]
    )
    return bool(changed)


def _why_closed(assignment: Assignment) -> str:
    if assignment.answered_by is not None:
        message = _("%(user)s has answered already: %(answer)s.")
        return message % {"user": assignment.answered_by, "answer": answer_label(assignment)}
    if assignment.answer and assignment.answer != EXPIRED:
        return _("It has been answered already: %(answer)s.") % {"answer": answer_label(assignment)}
    return _("Nobody waits for this answer any more.")


def _mail(assignment: Assignment) -> str:
    address = settings.BASE_URL + reverse("admin:operations_assignment_change", args=[assignment.pk])
    workflow = assignment.task.run.workflow
    lines = [assignment.message, _("Workflow: %(workflow)s") % {"workflow": workflow.label}]
    if assignment.due_at is not None:
        lines.append(_("Before: %(instant)s") % {"instant": assignment.due_at.isoformat(timespec="minutes")})
    if assignment.choices:
        choices = ", ".join(choice_label(choice) for choice in assignment.choices)
        lines.append(_("Answer (%(choices)s): %(address)s") % {"choices": choices, "address": address})
    return "\n\n".join(line for line in lines if line)
