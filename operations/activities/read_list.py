"""Read list: the members of a list; an inbound transition only says when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.models import Activity
from operations.workflow import populations
from operations.workflow.base import ActivityFailed, ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.exchange import list_from_name, list_name
from operations.workflow.fields import ListField
from operations.workflow.registry import register
from recipients.models import RecipientList, RecipientListMember


class ReadListConfig(ConfigForm):
    list = ListField(label=gettext_lazy("List"), help_text=gettext_lazy("Its members at the time of each run."))


@register
class ReadList(ActivityType):
    code = "read_list"
    label = gettext_lazy("Read list")
    description = gettext_lazy("Takes everybody who is on a list.")
    icon = "list"
    minimum_inbound = 0
    Config = ReadListConfig

    def execute(self, context: TaskContext) -> Outcome:
        number = context.config["list"]
        if not RecipientList.objects.filter(pk=number).exists():
            raise ActivityFailed(_("There is no recipient list %(number)s any more.") % {"number": number})
        people = RecipientListMember.objects.filter(recipient_list=number).values_list("recipient_id")
        return Done({"out": populations.store(context.task, "out", people)})

    def exported(self, activity: Activity) -> dict[str, Any]:
        return list_name(activity.config)

    def imported(self, exported: Mapping[str, Any]) -> dict[str, Any]:
        return list_from_name(exported)
