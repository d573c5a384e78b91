"""Intersection: those who come in through every transition; the others leave by "rest"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from operations.workflow import populations
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.registry import register


@register
class Intersection(ActivityType):
    code = "intersection"
    label = _("Intersection")
    description = _("Keeps the people who come in through every transition.")
    icon = "blend"
    minimum_inbound = 2
    maximum_inbound = None
    Config = ConfigForm

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return ["out", "rest"]

    def execute(self, context: TaskContext) -> Outcome:
        arrived = [arrival.population for arrival in context.inbound]
        # A transition that never fires brings nobody.
        everywhere = populations.intersection([*arrived, *(None for _source in context.silent)])
        common = populations.store(context.task, "out", everywhere)
        rest = populations.store(context.task, "rest", populations.exclusion(arrived, [common]))
        return Done({"out": common, "rest": rest})
