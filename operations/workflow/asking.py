"""What activities that turn to people share: who is asked, until when, and the wait for the first answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import Group, User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from common.sentences import Parameter, Sentence
from operations import assignments
from operations.assignments import Question
from operations.models import Activity, ActivityRun, Assignment
from operations.workflow.base import ActivityFailed, ActivityType, Done, Outcome, TaskContext, Wait
from operations.workflow.config import ConfigForm, InvalidConfig
from operations.workflow.expressions import InvalidExpression
from operations.workflow.fields import MAXIMUM_CHOICES, JsonField
from operations.workflow.texts import TextField, render, values_of
from operations.workflow.variables import set_variables

UNITS = {"minutes": gettext_lazy("minutes"), "hours": gettext_lazy("hours"), "days": gettext_lazy("days")}
MAXIMUM_DURATION = 1_000_000
# An answer wakes the task; this look is for the case that it came while the task was looked at.
LOOK_AGAIN = timedelta(minutes=1)
PLACES = gettext_lazy("{{ count }}, {{ vars.name }} and {{ scheduled_for.date }} are filled in.")


class GroupField(forms.IntegerField):
    """The number of a group of users."""

    def describe(self, scope: Any) -> dict[str, Any]:
        groups = Group.objects.order_by("name", "pk").values_list("pk", "name")[:MAXIMUM_CHOICES]
        return {"editor": "choice", "choices": [list(row) for row in groups]}

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        if number is not None and not Group.objects.filter(pk=number).exists():
            raise forms.ValidationError(_("There is no group %(number)s.") % {"number": number})
        return number


class UserField(forms.IntegerField):
    """The number of somebody who may log in."""

    def describe(self, scope: Any) -> dict[str, Any]:
        users = User.objects.filter(is_active=True).order_by("username")[:MAXIMUM_CHOICES]
        return {"editor": "choice", "choices": [[user.pk, user.get_full_name() or user.username] for user in users]}

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        if number is not None and not User.objects.filter(pk=number, is_active=True).exists():
            raise forms.ValidationError(_("There is no user %(number)s who may log in.") % {"number": number})
        return number


class DeadlineField(JsonField):
    """`{"duration": n, "unit": "hours"}` from the moment at which the task begins."""

    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "duration", "units": [[unit, str(label)] for unit, label in UNITS.items()]}

    def check(self, value: Any) -> None:
        if not isinstance(value, Mapping) or set(value) != {"duration", "unit"}:
            raise forms.ValidationError(_('An object such as {"duration": 2, "unit": "days"} is needed here.'))
        duration, unit = value["duration"], value["unit"]
        whole = isinstance(duration, int) and not isinstance(duration, bool)
        if not whole or not 1 <= duration <= MAXIMUM_DURATION:
            message = _("A duration is a whole number from 1 to %(maximum)d.")
            raise forms.ValidationError(message % {"maximum": MAXIMUM_DURATION})
        if unit not in UNITS:
            message = _("“%(unit)s” is no unit; there are %(units)s.")
            raise forms.ValidationError(message % {"unit": unit, "units": ", ".join(UNITS)})


class AskingConfig(ConfigForm):
    title = TextField(label=gettext_lazy("Title"), max_length=200, help_text=PLACES)
    message = TextField(
        label=gettext_lazy("Message"), long=True, required=False, initial="", max_length=5000, help_text=PLACES
    )
    group = GroupField(
        label=gettext_lazy("Group"),
        required=False,
        help_text=gettext_lazy("Without a group and a person: whoever may answer what workflows ask."),
    )
    user = UserField(label=gettext_lazy("Person"), required=False)


class AskingActivity(ActivityType):
    """Base of approvals and tasks: one question, and the outlet of its first answer."""

    kind: ClassVar[str]
    category = "flow"
    has_side_effects = True
    may_end_branch = True

    def choices(self, config: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
        """The answers that may be given, `{"name", "label"?}`; each names its outlet."""
        raise NotImplementedError

    def outlet_of(self, answer: str) -> str:
        return answer

    def execute(self, context: TaskContext) -> Outcome:
        assignment = Assignment.objects.filter(task=context.task).first() or self._ask(context)
        if assignment.answered_at is None and not _is_over(assignment, context.now):
            return _wait(assignment, context)
        assignment.refresh_from_db()
        if not assignment.answer:
            raise ActivityFailed(_("The question “%(title)s” was withdrawn.") % {"title": assignment.title})
        return self._go_on(context, assignment)

    def stopped(self, task: ActivityRun, *, now: datetime) -> None:
        assignments.withdraw(task, now=now)

    def exported(self, activity: Activity) -> dict[str, Any]:
        return export_people(activity.config)

    def imported(self, exported: Mapping[str, Any]) -> dict[str, Any]:
        return import_people(exported)

    def _ask(self, context: TaskContext) -> Assignment:
        deadline = context.config.get("deadline")
        due_at = context.now + timedelta(**{deadline["unit"]: deadline["duration"]}) if deadline else None
        question = question_of(context, self.kind, choices=self.choices(context.config), due_at=due_at)
        assignment = assignments.ask(context.task, question, now=context.now)
        context.log(Sentence(gettext_noop("“%(title)s” waits for an answer."), {"title": assignment.title}))
        return assignment

    def _go_on(self, context: TaskContext, assignment: Assignment) -> Done:
        responder = assignment.answered_by.get_username() if assignment.answered_by else ""
        set_variables(context, response=assignment.answer, responder=responder)
        values: dict[str, Parameter] = {
            "title": assignment.title,
            "answer": Sentence.of(assignments.LABELS.get(assignment.answer, assignment.answer)),
        }
        if responder:
            message = gettext_noop("“%(title)s”: %(answer)s (%(user)s).")
            context.log(Sentence(message, {**values, "user": responder}))
        else:
            context.log(Sentence(gettext_noop("“%(title)s”: %(answer)s."), values))
        return Done({self.outlet_of(assignment.answer): context.single_inbound})


def question_of(
    context: TaskContext, kind: str, *, choices: Sequence[Mapping[str, str]] = (), due_at: datetime | None = None
) -> Question:
    """The question of the activity's configuration, with its texts filled in. Raises ActivityFailed."""
    config, values = context.config, values_of(context)
    try:
        title, message = render(config["title"], values), render(config.get("message") or "", values)
    except InvalidExpression as error:
        raise ActivityFailed(str(error)) from error
    return Question(kind, title, message, config.get("group"), config.get("user"), choices, due_at)


def export_people(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with its group and its person by name."""
    group = Group.objects.filter(pk__in=[config.get("group")]).values_list("name", flat=True).first()
    user = User.objects.filter(pk__in=[config.get("user")]).values_list("username", flat=True).first()
    return {**config, "group": group, "user": user}


def import_people(exported: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with their numbers. Raises InvalidConfig for a name that does not exist here."""
    group = Group.objects.filter(name=str(exported.get("group"))).first() if exported.get("group") else None
    user = User.objects.filter(username=str(exported.get("user"))).first() if exported.get("user") else None
    for name, row in (("group", group), ("user", user)):
        if exported.get(name) and row is None:
            message = _("%(field)s: there is no %(name)s here.") % {"field": name, "name": exported[name]}
            raise InvalidConfig(message, fields={name: [message]})
    return {**exported, "group": group and group.pk, "user": user and user.pk}


def _is_over(assignment: Assignment, now: datetime) -> bool:
    if assignment.due_at is None or now < assignment.due_at:
        return False
    assignments.expire(assignment, now=now)
    return True


def _wait(assignment: Assignment, context: TaskContext) -> Wait:
    until = context.now + LOOK_AGAIN
    population = context.single_inbound
    people = population.count if population else None
    return Wait(min(until, assignment.due_at or until), {"assignment": assignment.pk, "people": people})
