"""The configuration form of an activity as data: what the canvas draws its panel from.

Each field says which editor shows it: a `describe(scope)` of the field class itself, else by its Django type. Editors:
text, textarea, number, flag, choice (choices), date, datetime, filter, schedule, expression, outlets (a list of names),
rows (a list of objects; its `columns` are described like fields), field and fields (names of recipient columns),
source (an activity with a transition into this one), limit ({"count": n} or {"percent": n}), json. A key `fresh` is the
value of a new activity where the field has no `initial`.
"""

from __future__ import annotations

from typing import Any

from django import forms

from operations.workflow.base import ActivityType, Scope


def form_schema(activity_type: ActivityType, scope: Scope) -> list[dict[str, Any]]:
    """`[{"name", "label", "help", "required", "initial", "editor", …}]`, in the order of the form."""
    return [_field(name, field, scope) for name, field in activity_type.Config.base_fields.items()]


def _field(name: str, field: forms.Field, scope: Scope) -> dict[str, Any]:
    described = field.describe(scope) if hasattr(field, "describe") else _by_type(field)
    return {
        "name": name,
        "label": str(field.label or name),
        "help": str(field.help_text),
        "required": field.required and field.initial is None,
        "initial": field.initial,
        **described,
    }


def _by_type(field: forms.Field) -> dict[str, Any]:
    if isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        return {"editor": "choice", "choices": [[value, str(label)] for value, label in choices]}
    if isinstance(field, forms.IntegerField):
        return {"editor": "number", "min": field.min_value, "max": field.max_value}
    if isinstance(field, forms.JSONField):
        return {"editor": "json"}
    if isinstance(field.widget, forms.Textarea):
        return {"editor": "textarea"}
    return {"editor": "text"}
