"""Cells: subsets of the people who come in, in one outbound set; `target.cell` is the name of a person's subset.

A person is in the first subset that takes them; who is in none leaves by "rest". Limits are those of a split.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy, gettext_noop

from common.sentences import Sentence
from operations.activities.split import SubsetsField, chosen_by, limit_of
from operations.models import Population, PopulationData
from operations.workflow import added_data, populations
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.registry import register
from recipients.models import Recipient

COLUMN = "cell"


class CellsConfig(ConfigForm):
    subsets = SubsetsField(
        label=gettext_lazy("Subsets"),
        help_text=gettext_lazy("Filled in this order; who is in none leaves by the remainder."),
    )


@register
class Cells(ActivityType):
    code = "cells"
    label = gettext_lazy("Cells")
    description = gettext_lazy("Names the subset of each person, and keeps them together in one branch.")
    icon = "grid-2x2"
    Config = CellsConfig

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return ["out", "rest"]

    def adds(self, config: Mapping[str, Any]) -> list[str]:
        return [COLUMN]

    def execute(self, context: TaskContext) -> Outcome:
        population = context.required_population()
        together = Population.objects.create(task=context.task, outlet="out")
        for subset in context.config["subsets"]:
            people = _people(context, subset, population, together)
            name = {COLUMN: added_data.constant(subset["name"])}
            count = added_data.add(together, people, name, onto=population)
            sentence = Sentence(gettext_noop("Cell “%(name)s”: %(count)d."), {"name": subset["name"], "count": count})
            context.log(sentence)
        named = PopulationData.objects.filter(population=together).order_by()
        populations.fill(together, named.values_list("recipient_id"))
        rest = populations.store(context.task, "rest", populations.exclusion([population], [together]))
        return Done({"out": together, "rest": rest})


def _people(context: TaskContext, subset: Mapping[str, Any], population: Population, together: Population) -> Any:
    named = PopulationData.objects.filter(population=together, recipient_id=OuterRef("pk"))
    people = chosen_by(subset, context, population).filter(~Exists(named))
    if "limit" not in subset:
        return people
    count = limit_of(subset["limit"], population)
    chosen = populations.limited(people, limit=count, order_by=subset.get("order_by", "id"), population=population)
    return Recipient.objects.filter(pk__in=chosen)
