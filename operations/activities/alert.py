"""Alert: tells people something and goes on at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from common.sentences import Sentence
from operations import assignments
from operations.models import Activity, Assignment
from operations.workflow.asking import AskingConfig, export_people, import_people, question_of
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.registry import register


@register
class Alert(ActivityType):
    code = "alert"
    label = _("Alert")
    description = _("Tells a person or a group what happens, by mail and on their page, without waiting for them.")
    icon = "bell-ring"
    category = "flow"
    may_end_branch = True
    has_side_effects = True
    Config = AskingConfig

    def execute(self, context: TaskContext) -> Outcome:
        question = question_of(context, Assignment.Kind.ALERT)
        assignment = assignments.ask(context.task, question, now=context.now)
        number = len(assignments.people_asked(assignment))
        message = gettext_noop("Alert “%(title)s” to %(number)d people.")
        context.log(Sentence(message, {"title": assignment.title, "number": number}))
        return Done({"out": context.single_inbound})

    def exported(self, activity: Activity) -> dict[str, Any]:
        return export_people(activity.config)

    def imported(self, exported: Mapping[str, Any]) -> dict[str, Any]:
        return import_people(exported)
