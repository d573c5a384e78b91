"""Texts with values in them: `{{ count }} people` in the title of an approval or the message of an alert.

Between the braces stands one expression of `expressions.py`; there are no statements, no filters and nothing to call.
"""

from __future__ import annotations

import re
from typing import Any

from django import forms

from operations.workflow.base import TaskContext
from operations.workflow.expressions import InvalidExpression, Values, validate, value_of

PLACE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
MAXIMUM_VALUE = 1_000


class TextField(forms.CharField):
    """A text that may hold `{{ count }}`, `{{ vars.x }}` and `{{ scheduled_for.date }}`."""

    def __init__(self, *, long: bool = False, **options: Any) -> None:
        super().__init__(**options, widget=forms.Textarea if long else forms.TextInput)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            check(text)
        except InvalidExpression as error:
            raise forms.ValidationError(str(error)) from error
        return text


def check(text: str) -> None:
    """Raise InvalidExpression unless every place of the text can be filled in."""
    for match in PLACE.finditer(text):
        validate(match[1].strip())


def render(text: str, values: Values) -> str:
    """The text with its values, plain and bounded; a variable that nobody set is empty. Raises InvalidExpression."""
    return PLACE.sub(lambda match: _said(value_of(match[1].strip(), values)), text)


def values_of(context: TaskContext) -> Values:
    """What the texts and expressions of this task see."""
    population = context.single_inbound
    return Values(
        count=population.count if population else 0,
        scheduled_for=context.run.scheduled_for.astimezone(context.zone),
        vars=context.run.vars,
    )


def _said(value: Any) -> str:
    return "" if value is None else str(value)[:MAXIMUM_VALUE]
