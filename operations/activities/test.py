"""Test: the first condition that holds says through which outlet the people (or the signal) leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from operations.workflow.base import ActivityFailed, ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.expressions import InvalidExpression, Values, evaluate, validate
from operations.workflow.fields import JsonField, check_outlets, require_objects
from operations.workflow.registry import register

ELSE = "else"


class ConditionsField(JsonField):
    def check(self, value: Any) -> None:
        conditions = require_objects(value, {"name", "when"})
        check_outlets([condition.get("name") for condition in conditions], reserved=ELSE)
        for condition in conditions:
            try:
                validate(str(condition.get("when", "")))
            except InvalidExpression as error:
                raise forms.ValidationError(f"{condition['name']}: {error}") from error


class TestConfig(ConfigForm):
    conditions = ConditionsField(label=_("Conditions"))


@register
class Test(ActivityType):
    code = "test"
    label = _("Test")
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
