"""Starts a run of its branch at every instant of a schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations import schedules
from operations.models import Activity
from operations.occurrences import InvalidSchedule, local_instant, validate_schedule
from operations.timetable import end_of
from operations.workflow.base import ActivityType, Done, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.registry import register


class ScheduleField(forms.JSONField):
    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "schedule", "fresh": {"crontab": "0 9 * * *"}}

    def clean(self, value: Any) -> Any:
        document = super().clean(value)
        try:
            validate_schedule(document)
        except InvalidSchedule as error:
            raise forms.ValidationError(str(error)) from None
        return document


class BoundField(forms.CharField):
    """A local date or time, kept as it was written; null is none."""

    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "datetime"}

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return end_of(text, ZoneInfo("UTC")) and text if text else None
        except InvalidSchedule as error:
            raise forms.ValidationError(str(error)) from None


@register
class Scheduler(ActivityType):
    """A tick starts the branch that begins here, and no other."""

    code = "scheduler"
    label = gettext_lazy("Scheduler")
    description = gettext_lazy("Starts the branch at the times that you choose.")
    icon = "calendar-clock"
    category = "flow"
    minimum_inbound = 0
    maximum_inbound = 0
    is_scheduler = True

    class Config(ConfigForm):
        schedule = ScheduleField(
            label=gettext_lazy("Schedule"),
            help_text=gettext_lazy("When this branch starts, in the time zone of the workflow."),
        )
        valid_from = BoundField(
            label=gettext_lazy("Valid from"),
            required=False,
            help_text=gettext_lazy("Nothing runs before. Empty: from the start of the workflow."),
        )
        valid_until = BoundField(
            label=gettext_lazy("Valid until"),
            required=False,
            help_text=gettext_lazy("Nothing runs after; a day counts to its end. Empty: for ever."),
        )
        max_runs = forms.IntegerField(
            label=gettext_lazy("Runs at most"),
            min_value=1,
            required=False,
            help_text=gettext_lazy("After so many runs the schedule is over. Empty: no limit."),
        )
        overlap = forms.ChoiceField(
            label=gettext_lazy("When the previous run is still at work"),
            choices=[
                ("skip", gettext_lazy("Skip the new run")),
                ("queue", gettext_lazy("Run after the one at work (one waits at most)")),
                ("parallel", gettext_lazy("Run at the same time")),
            ],
            initial="skip",
        )
        missed = forms.ChoiceField(
            label=gettext_lazy("Runs missed while nothing was running"),
            choices=[
                ("latest", gettext_lazy("Run the latest one")),
                ("all", gettext_lazy("Run all, one after the other")),
                ("skip", gettext_lazy("Run none")),
            ],
            initial="latest",
        )
        grace_minutes = forms.IntegerField(
            label=gettext_lazy("Grace, in minutes"),
            min_value=0,
            max_value=60 * 24 * 31,
            initial=60,
            help_text=gettext_lazy("A run that is later than that counts as missed."),
        )

        def clean(self) -> dict[str, Any]:
            cleaned = dict(super().clean() or self.cleaned_data)
            start, end = cleaned.get("valid_from"), cleaned.get("valid_until")
            zone = ZoneInfo(self.scope.workflow.zone_name())
            if start and end and end_of(end, zone) <= local_instant(start, zone):
                self.add_error("valid_until", _("The validity ends before it begins."))
            return cleaned

    def execute(self, context: TaskContext) -> Done:
        return Done({"out": None})

    def saved(self, activity: Activity, previous: Mapping[str, Any] | None) -> None:
        schedules.sync_workflow(activity.workflow)
