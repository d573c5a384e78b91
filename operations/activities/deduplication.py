"""Deduplication: one person for each value of the chosen fields; the others leave by "rest".

E-mail addresses are compared without case. A missing value is no duplicate of another: who lacks one is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.workflow import populations
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.fields import JsonField, RecipientField, check_recipient_field
from operations.workflow.registry import register

FIRST, LAST = "first", "last"


class FieldsField(JsonField):
    def check(self, value: Any) -> None:
        if not isinstance(value, list):
            raise forms.ValidationError(_("A list of fields is needed here."))
        for name in value:
            check_recipient_field(name)


class DeduplicationConfig(ConfigForm):
    by = FieldsField(label=gettext_lazy("Fields"), initial=["email"])
    keep = forms.ChoiceField(
        label=gettext_lazy("Keep"),
        choices=[(FIRST, gettext_lazy("The first")), (LAST, gettext_lazy("The last"))],
        initial=FIRST,
    )
    order_by = RecipientField(label=gettext_lazy("In the order of"), initial="id")


@register
class Deduplication(ActivityType):
    code = "deduplication"
    label = gettext_lazy("Deduplication")
    Config = DeduplicationConfig

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return ["out", "rest"]

    def execute(self, context: TaskContext) -> Outcome:
        population, config = context.required_population(), context.config
        people = populations.first_of_each(
            population, by=config["by"], order_by=config["order_by"], descending=config["keep"] == LAST
        )
        kept = populations.store(context.task, "out", people)
        rest = populations.store(context.task, "rest", populations.exclusion([population], [kept]))
        return Done({"out": kept, "rest": rest})
