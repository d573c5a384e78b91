"""Split: ordered subsets of the people who come in; who is in none leaves by "rest".

Without overlap a person goes to the first subset that takes them. A limit takes that many, or that percentage of all
who come in (rounded down); without an order, the oldest recipients first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.models import Population
from operations.workflow import added_data, populations
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.fields import (
    FlagField,
    JsonField,
    check_filter,
    check_outlets,
    check_recipient_field,
    require_objects,
)
from operations.workflow.registry import register
from recipients.filters import select
from recipients.models import Recipient

REST = "rest"
KEYS = {"name", "filter", "limit", "order_by"}
MAXIMUM_COUNT = 2**63 - 1


class SubsetsField(JsonField):
    def describe(self, scope: Any) -> dict[str, Any]:
        extra = [[populations.RANDOM, _("At random")]]
        columns = [
            {"name": "name", "label": _("Name"), "editor": "text", "required": True},
            {"name": "filter", "label": _("Who"), "editor": "filter"},
            {"name": "limit", "label": _("Limit"), "editor": "limit"},
            {"name": "order_by", "label": _("Order"), "editor": "field", "added": True, "extra": extra},
        ]
        fresh = [{"name": _("half"), "limit": {"percent": 50}, "order_by": populations.RANDOM}]
        return {"editor": "rows", "columns": columns, "fresh": fresh}

    def check(self, value: Any) -> None:
        subsets = require_objects(value, KEYS)
        check_outlets([subset.get("name") for subset in subsets], reserved=REST)
        for subset in subsets:
            if "filter" in subset:
                check_filter(subset["filter"], added=True)
            if "limit" in subset:
                check_limit(subset["limit"])
            if subset.get("order_by", populations.RANDOM) != populations.RANDOM:
                check_recipient_field(subset["order_by"], added=True)


def limit_of(limit: Mapping[str, Any], population: Population) -> int:
    """How many people a checked limit takes of this set."""
    count: int = limit["count"] if "count" in limit else int(population.count * limit["percent"] / 100)
    return count


def chosen_by(subset: Mapping[str, Any], context: TaskContext, population: Population) -> QuerySet[Recipient]:
    """The people of the set whom the subset's filter selects, if it has one."""
    people = Recipient.objects.order_by()
    if "filter" in subset:
        people = select(subset["filter"], context.filter_context, beside=added_data.beside(population))
    return populations.within(people, population)


def check_limit(limit: Any) -> None:
    keys = list(limit) if isinstance(limit, Mapping) else []
    value = limit[keys[0]] if keys in (["count"], ["percent"]) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise forms.ValidationError(_('A limit is {"count": n} or {"percent": n}.'))
    if keys == ["count"] and not (isinstance(value, int) and 0 < value <= MAXIMUM_COUNT):
        raise forms.ValidationError(_("A count is a whole number above 0."))
    if keys == ["percent"] and not 0 < value <= 100:
        raise forms.ValidationError(_("A percentage is above 0 and at most 100."))


class SplitConfig(ConfigForm):
    subsets = SubsetsField(
        label=gettext_lazy("Subsets"),
        help_text=gettext_lazy("Filled in this order; who is in none leaves by the remainder."),
    )
    overlap = FlagField(
        label=gettext_lazy("The subsets may overlap"),
        initial=False,
        help_text=gettext_lazy("Otherwise a person goes to the first subset that takes them."),
    )


@register
class Split(ActivityType):
    code = "split"
    label = gettext_lazy("Split")
    description = gettext_lazy("Divides the people who come in into subsets, each with its own branch.")
    icon = "split"
    Config = SplitConfig

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return [*(subset["name"] for subset in config["subsets"]), REST]

    def execute(self, context: TaskContext) -> Outcome:
        population = context.required_population()
        taken: dict[str, Population | None] = {}
        chosen: list[Population] = []
        for subset in context.config["subsets"]:
            free_of = [] if context.config["overlap"] else chosen
            people = _subset(context, subset, population, free_of)
            stored = populations.store(context.task, subset["name"], people)
            taken[subset["name"]] = stored
            chosen.append(stored)
        rest = populations.store(context.task, REST, populations.exclusion([population], chosen))
        return Done({**taken, REST: rest})


def _subset(
    context: TaskContext, subset: Mapping[str, Any], population: Population, free_of: list[Population]
) -> populations.People:
    people = populations.outside(chosen_by(subset, context, population), free_of)
    if "limit" not in subset:
        return people.values_list("pk")
    count = limit_of(subset["limit"], population)
    return populations.limited(people, limit=count, order_by=subset.get("order_by", "id"), population=population)
