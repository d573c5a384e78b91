"""Test: the first condition that holds says through which outlet the people (or the signal) leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from operations.workflow.base import ActivityFailed, ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.expressions import InvalidExpression, Values, evaluate, validate
from operations.workflow.fields import JsonField, check_outlets, require_objects
from operations.workflow.registry import register

ELSE = "else"


class ConditionsField(JsonField):
    def describe(self, scope: Any) -> dict[str, Any]:
        columns = [
            {"name": "name", "label": gettext("Name"), "editor": "text", "required": True},
            {"name": "when", "label": gettext("When"), "editor": "expression", "required": True},
        ]
        return {"editor": "rows", "columns": columns, "fresh": [{"name": gettext("somebody"), "when": "count > 0"}]}

    def check(self, value: Any) -> None:
        conditions = require_objects(value, {"name", "when"})
        check_outlets([condition.get("name") for condition in conditions], reserved=ELSE)
        for condition in conditions:
            try:
                validate(str(condition.get("when", "")))
            except InvalidExpression as error:
                raise forms.ValidationError(f"{condition['name']}: {error}") from error


class TestConfig(ConfigForm):
    conditions = ConditionsField(
        label=_("Conditions"),
        help_text=_("The first that holds says which branch goes on; when none does, it is “otherwise”."),
    )


@register
class Test(ActivityType):
    code = "test"
    label = _("Test")
    description = _("Chooses one branch: by the number of people, the date of the run, or a variable.")
    icon = "git-branch"
    category = "flow"
    Config = TestConfig

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return [*(condition["name"] for condition in config["conditions"]), ELSE]

    def execute(self, context: TaskContext) -> Outcome:
        population = context.single_inbound
        values = Values(
            count=population.count if population else 0,
            scheduled_for=context.run.scheduled_for.astimezone(context.zone),
            vars=context.run.vars,
        )
        try:
            held = (entry["name"] for entry in context.config["conditions"] if evaluate(str(entry["when"]), values))
            return Done({next(held, ELSE): population})
        except InvalidExpression as error:
            raise ActivityFailed(str(error)) from error
