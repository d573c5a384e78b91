"""Time constraint: goes on only on certain days and at certain hours, in the workflow's time zone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from common.sentences import Sentence
from operations.occurrences import local_instant
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext, Wait
from operations.workflow.config import ConfigForm
from operations.workflow.fields import JsonField
from operations.workflow.registry import register

DAYS = {
    "monday": _("Monday"),
    "tuesday": _("Tuesday"),
    "wednesday": _("Wednesday"),
    "thursday": _("Thursday"),
    "friday": _("Friday"),
    "saturday": _("Saturday"),
    "sunday": _("Sunday"),
}
WAIT, SKIP = "wait", "skip"
OUTSIDE = "outside"
HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
# Every window opens within a week, and a week later where a clock change swallows it.
HORIZON_DAYS = 15


class DaysField(JsonField):
    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "choices", "choices": [[day, str(label)] for day, label in DAYS.items()]}

    def check(self, value: Any) -> None:
        if not isinstance(value, list) or not value:
            raise forms.ValidationError(gettext("At least one day is needed here."))
        unknown = [str(day) for day in value if day not in DAYS]
        if unknown:
            message = gettext("%(unknown)s: no such day; there are %(days)s.")
            raise forms.ValidationError(message % {"unknown": ", ".join(unknown), "days": ", ".join(DAYS)})


class HourField(forms.CharField):
    """A time of day such as 08:30."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not HOUR.fullmatch(text):
            raise forms.ValidationError(gettext("A time of day such as 08:30 is needed here."))
        return text


class TimeConstraintConfig(ConfigForm):
    days = DaysField(label=_("Days"), initial=list(DAYS))
    # A keyword can't be written as an attribute.
    locals()["from"] = HourField(label=_("From"), initial="08:00")
    until = HourField(
        label=_("Until"), initial="20:00", help_text=_("Earlier than “from”: until that time of the next day.")
    )
    outside = forms.ChoiceField(
        label=_("Outside these hours"),
        choices=[(WAIT, _("Wait until they come")), (SKIP, _("Leave by “outside” at once"))],
        initial=WAIT,
    )


@register
class TimeConstraint(ActivityType):
    code = "time_constraint"
    label = _("Time constraint")
    description = _("Lets people go on only on the days and hours you choose; the others wait or take another way.")
    icon = "calendar-clock"
    category = "flow"
    Config = TimeConstraintConfig

    def outlets(self, config: Mapping[str, Any]) -> list[str]:
        return ["out", OUTSIDE] if config.get("outside") == SKIP else ["out"]

    def execute(self, context: TaskContext) -> Outcome:
        opening = next_opening(context.config, context.zone, context.now)
        if opening <= context.now:
            return Done({"out": context.single_inbound})
        if context.config["outside"] == SKIP:
            return Done({OUTSIDE: context.single_inbound})
        if not context.task.memo:
            message = gettext_noop("Outside the chosen hours: goes on at %(instant)s.")
            local = opening.astimezone(context.zone).isoformat(timespec="minutes")
            context.log(Sentence(message, {"instant": local}))
        return Wait(opening, {"until": opening.isoformat()})


def next_opening(config: Mapping[str, Any], zone: ZoneInfo, now: datetime) -> datetime:
    """The first instant from `now` on that is inside: `now` itself, or the beginning of a window."""
    # An hour that a clock change leaves out begins at its end; one that comes twice begins the first time.
    ahead = [max(start, now) for start, end in _windows(config, zone, now) if now < end and start < end]
    return min(ahead)


def _windows(config: Mapping[str, Any], zone: ZoneInfo, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    today = now.astimezone(zone).date()
    first, last = config["from"], config["until"]
    for distance in range(-1, HORIZON_DAYS + 1):
        day = today + timedelta(days=distance)
        if list(DAYS)[day.weekday()] in config["days"]:
            next_day = day + timedelta(days=1) if last <= first else day
            yield _at(day, first, zone), _at(next_day, last, zone)


def _at(day: date, hour: str, zone: ZoneInfo) -> datetime:
    return local_instant(f"{day.isoformat()}T{hour}:00", zone)
