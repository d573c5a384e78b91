"""Approval: somebody says yes or no, and their answer is the way on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from operations.assignments import EXPIRED
from operations.models import Assignment
from operations.workflow.asking import AskingActivity, AskingConfig, DeadlineField
from operations.workflow.fields import JsonField, check_outlets, require_objects
from operations.workflow.registry import register

DEFAULT_CHOICES = [{"name": "approve"}, {"name": "reject"}]
MAXIMUM_LABEL = 100


class ChoicesField(JsonField):
    def describe(self, scope: Any) -> dict[str, Any]:
        columns = [
            {"name": "name", "label": gettext("Name"), "editor": "text", "required": True},
            {"name": "label", "label": gettext("Label"), "editor": "text", "required": False},
        ]
        return {"editor": "rows", "columns": columns}

    def check(self, value: Any) -> None:
        choices = require_objects(value, {"name", "label"})
        check_outlets([choice.get("name") for choice in choices], reserved=EXPIRED)
        for choice in choices:
            label = choice.get("label", "")
            if not isinstance(label, str) or len(label) > MAXIMUM_LABEL:
                message = gettext("A label is a text of at most %(maximum)d characters.")
                raise forms.ValidationError(message % {"maximum": MAXIMUM_LABEL})


class ApprovalConfig(AskingConfig):
    choices = ChoicesField(
        label=_("Answers"), initial=DEFAULT_CHOICES, help_text=_("The people leave by the answer that is given first.")
    )
    deadline = DeadlineField(
        label=_("Deadline"), required=False, help_text=_("Without an answer until then, the people leave by “expired”.")
    )


@register
class Approval(AskingActivity):
    code = "approval"
    label = _("Approval")
    description = _("Asks somebody for a decision and goes on by their answer, or when the deadline is over.")
    icon = "stamp"
    kind = Assignment.Kind.APPROVAL
    Config = ApprovalConfig

    def choices(self, config: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
        choices: Sequence[Mapping[str, str]] = config["choices"]
        return choices

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        names = [choice["name"] for choice in config["choices"]]
        return [*names, EXPIRED] if config.get("deadline") else names
