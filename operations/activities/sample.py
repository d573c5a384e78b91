"""Sample: some of the people who come in, at random or the first in an order; the others leave by "rest".

Chance is a hash of the person's and the run's numbers: a task that is repeated draws the same people. With a seed,
every run does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import MD5, Cast, Concat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.activities.split import check_limit, limit_of
from operations.workflow import populations
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.fields import JsonField, RecipientField
from operations.workflow.registry import register
from recipients.models import Recipient

RANDOM, FIRST = "random", "first"


class SizeField(JsonField):
    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "limit"}

    def check(self, value: Any) -> None:
        check_limit(value)


class SampleConfig(ConfigForm):
    size = SizeField(
        label=gettext_lazy("Size"),
        initial={"percent": 10},
        help_text=gettext_lazy("So many people, or a percentage of all who come in, rounded down."),
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("Whom"),
        choices=[(RANDOM, gettext_lazy("At random")), (FIRST, gettext_lazy("The first"))],
        initial=RANDOM,
    )
    order_by = RecipientField(
        added=True,
        label=gettext_lazy("In the order of"),
        initial="id",
        help_text=gettext_lazy("For “the first” only; missing values come last."),
    )
    seed = forms.CharField(
        label=gettext_lazy("Seed"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("With the same seed every run draws the same people; without one, each run its own."),
    )


@register
class Sample(ActivityType):
    code = "sample"
    label = gettext_lazy("Sample")
    description = gettext_lazy("Keeps some of the people who come in; the others leave by the remainder.")
    icon = "dices"
    Config = SampleConfig

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return ["out", "rest"]

    def execute(self, context: TaskContext) -> Outcome:
        population, config = context.required_population(), context.config
        people = populations.within(Recipient.objects.order_by(), population)
        count = limit_of(config["size"], population)
        if config["mode"] == FIRST:
            chosen = populations.limited(people, limit=count, order_by=config["order_by"], population=population)
        else:
            chosen = _drawn(people, count, config.get("seed") or f"run {context.run.pk}")
        kept = populations.store(context.task, "out", chosen)
        rest = populations.store(context.task, "rest", populations.exclusion([population], [kept]))
        return Done({"out": kept, "rest": rest})

    def explanation(self, config: Mapping[str, Any]) -> Any:
        if config.get("mode", RANDOM) == FIRST:
            return ""
        if config.get("seed"):
            return _("Every run draws the same people, as long as the same people come in.")
        return _("Each run draws other people; a task that is repeated draws the same ones.")


def _drawn(people: QuerySet[Recipient], count: int, seed: str) -> populations.People:
    ticket = MD5(Concat(Cast("pk", CharField()), Value(f" {seed}"), output_field=CharField()))
    return people.order_by(ticket, "pk").values_list("pk")[:count]
