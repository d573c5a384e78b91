"""List update: the people who come in become members of a list, or its only members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Value
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from common.sentences import Sentence
from common.sql import insert_from_select
from operations.models import Activity, Population, PopulationMember
from operations.workflow.base import ActivityFailed, ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.exchange import list_from_name, list_name
from operations.workflow.fields import FlagField, ListField
from operations.workflow.registry import register
from recipients.models import RecipientList, RecipientListMember

APPEND, REPLACE = "append", "replace"


class ListUpdateConfig(ConfigForm):
    list = ListField(label=gettext_lazy("List"), help_text=gettext_lazy("The list that the people who come in join."))
    mode = forms.ChoiceField(
        label=gettext_lazy("Mode"),
        choices=[(APPEND, gettext_lazy("Append")), (REPLACE, gettext_lazy("Replace"))],
        initial=APPEND,
        help_text=gettext_lazy("“Replace” takes everybody else off the list."),
    )
    outbound = FlagField(
        label=gettext_lazy("Outbound transition"),
        initial=False,
        help_text=gettext_lazy("The same people go on to the next activity."),
    )


@register
class ListUpdate(ActivityType):
    code = "list_update"
    label = gettext_lazy("List update")
    description = gettext_lazy("Puts the people who come in on a list.")
    icon = "list-plus"
    category = "actions"
    may_end_branch = True
    has_side_effects = True
    Config = ListUpdateConfig

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return ["out"] if config.get("outbound") else []

    def execute(self, context: TaskContext) -> Outcome:
        population = context.required_population()
        # Two runs that write one list do it one after the other.
        target = RecipientList.objects.select_for_update().filter(pk=context.config["list"]).first()
        if target is None:
            raise ActivityFailed(
                _("There is no recipient list %(number)s any more.") % {"number": context.config["list"]}
            )
        removed = _remove_others(target, population) if context.config["mode"] == REPLACE else 0
        added = _add(target, population)
        message = gettext_noop("List “%(label)s”: %(added)d added, %(removed)d removed.")
        context.log(Sentence(message, {"label": target.label, "added": added, "removed": removed}))
        return Done(dict.fromkeys(self.outlets(context.config), population))

    def exported(self, activity: Activity) -> dict[str, Any]:
        return list_name(activity.config)

    def imported(self, exported: Mapping[str, Any]) -> dict[str, Any]:
        return list_from_name(exported)


def _remove_others(target: RecipientList, population: Population) -> int:
    kept = PopulationMember.objects.filter(population=population, recipient_id=OuterRef("recipient_id"))
    removed, _details = RecipientListMember.objects.filter(~Exists(kept), recipient_list=target).delete()
    return removed


def _add(target: RecipientList, population: Population) -> int:
    people = PopulationMember.objects.filter(population=population).order_by()
    rows = people.annotate(list_number=Value(target.pk)).values_list("list_number", "recipient_id")
    return insert_from_select(RecipientListMember, ["recipient_list", "recipient"], rows, ignore_conflicts=True)
