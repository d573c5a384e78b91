"""AND-join: goes on once every inbound transition has fired, with the people of the main one.

Without a main transition it is the first, in the order of the drawing, that brings people.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from operations.models import Population
from operations.workflow import populations
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.fields import SourceField, check_source
from operations.workflow.registry import register


class AndJoinConfig(ConfigForm):
    main = SourceField(
        label=_("Main set"),
        required=False,
        help_text=_("Whose people go on. Without a choice: those of the first transition that brings people."),
    )

    def clean_main(self) -> str:
        return check_source(self.cleaned_data["main"], self.sources)


@register
class AndJoin(ActivityType):
    code = "and_join"
    label = _("AND-join")
    description = _("Waits until every branch that leads here has arrived, then goes on once.")
    icon = "git-merge"
    category = "flow"
    maximum_inbound = None
    needs_all_inbound = True
    Config = AndJoinConfig

    def execute(self, context: TaskContext) -> Outcome:
        main = context.config.get("main")
        arrived = [arrival for arrival in context.inbound if main in ("", None, arrival.source)]
        people = [arrival.population for arrival in arrived if arrival.population is not None]
        return Done({"out": self._leaving(context, people[:1] if not main else people)})

    def _leaving(self, context: TaskContext, people: list[Population]) -> Population | None:
        if len(people) < 2:
            return people[0] if people else None
        # Several outlets of the main activity lead here.
        return populations.store(context.task, "out", populations.union(people))
