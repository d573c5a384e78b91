"""Query: the people whom a filter selects, among those who come in if any do."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from operations.workflow import populations
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.fields import FilterField
from operations.workflow.registry import register
from recipients.filters import select


class QueryConfig(ConfigForm):
    filter = FilterField(
        label=_("Filter"), help_text=_("Who is kept; among those who come in, if a transition brings people.")
    )


@register
class Query(ActivityType):
    code = "query"
    label = _("Query")
    description = _("Finds the recipients who match your criteria.")
    icon = "list-filter"
    minimum_inbound = 0
    Config = QueryConfig

    def execute(self, context: TaskContext) -> Outcome:
        people = select(context.config["filter"], context.filter_context)
        if context.single_inbound is not None:
            people = populations.within(people, context.single_inbound)
        return Done({"out": populations.store(context.task, "out", people.values_list("pk"))})
