"""Deduplication: one person for each value of the chosen fields; the others leave by "rest".

E-mail addresses are compared without case. A missing value is no duplicate of another: who lacks one is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from operations.workflow import populations
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.fields import FieldsField, RecipientField
from operations.workflow.registry import register

FIRST, LAST = "first", "last"


class DeduplicationConfig(ConfigForm):
    by = FieldsField(
        added=True,
        label=gettext_lazy("Fields"),
        initial=["email"],
        help_text=gettext_lazy("Those who share all these values are one person. A missing value equals nothing."),
    )
    keep = forms.ChoiceField(
        label=gettext_lazy("Keep"),
        choices=[(FIRST, gettext_lazy("The first")), (LAST, gettext_lazy("The last"))],
        initial=FIRST,
    )
    order_by = RecipientField(
        added=True,
        label=gettext_lazy("In the order of"),
        initial="id",
        help_text=gettext_lazy("The number of a recipient is the order in which they arrived."),
    )


@register
class Deduplication(ActivityType):
    code = "deduplication"
    label = gettext_lazy("Deduplication")
    description = gettext_lazy("Keeps one person for each value of the chosen fields.")
    icon = "copy"
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
