"""Task: something that a person does outside, and the workflow waits until it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from operations.assignments import EXPIRED
from operations.models import Assignment
from operations.workflow.asking import AskingActivity, AskingConfig, DeadlineField
from operations.workflow.registry import register

COMPLETED, NOT_COMPLETED = "completed", "not_completed"


class TaskConfig(AskingConfig):
    deadline = DeadlineField(
        label=_("Deadline"),
        required=False,
        help_text=_("Not done until then, the people leave by “not_completed”."),
    )


@register
class Task(AskingActivity):
    code = "task"
    label = _("Task")
    description = _("Gives somebody a piece of work and goes on when they say that it is done, or not.")
    icon = "list-checks"
    kind = Assignment.Kind.TASK
    Config = TaskConfig

    def choices(self, config: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
        return [{"name": COMPLETED}, {"name": NOT_COMPLETED}]

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return [COMPLETED, NOT_COMPLETED]

    def outlet_of(self, answer: str) -> str:
        return NOT_COMPLETED if answer == EXPIRED else answer
