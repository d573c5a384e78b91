"""Exclusion: the main set without those who come in through the other transitions; these leave by "rest"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy, gettext_noop

from common.sentences import Sentence
from operations.workflow import populations
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.fields import SourceField, check_source
from operations.workflow.registry import register


class ExclusionConfig(ConfigForm):
    main = SourceField(
        label=gettext_lazy("Main set"),
        help_text=gettext_lazy("The people to keep; those of every other transition are taken out of them."),
    )

    def clean_main(self) -> str:
        return check_source(self.cleaned_data["main"], self.sources)


@register
class Exclusion(ActivityType):
    code = "exclusion"
    label = gettext_lazy("Exclusion")
    description = gettext_lazy("Takes the people of the other transitions out of the main set.")
    icon = "circle-minus"
    minimum_inbound = 2
    maximum_inbound = None
    Config = ExclusionConfig

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return ["out", "rest"]

    def execute(self, context: TaskContext) -> Outcome:
        name = context.config["main"]
        main = [arrival.population for arrival in context.inbound if arrival.source == name]
        others = [arrival.population for arrival in context.inbound if arrival.source != name]
        kept = populations.store(context.task, "out", populations.exclusion(main, others))
        rest = populations.store(context.task, "rest", populations.exclusion(main, [kept]))
        numbers = {"kept": kept.count, "rest": rest.count}
        context.log(Sentence(gettext_noop("%(kept)d kept, %(rest)d excluded."), numbers))
        return Done({"out": kept, "rest": rest})
