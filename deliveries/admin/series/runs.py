"""What comes next: the runs that are planned, the rules for late ones, and why nothing is planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from deliveries.admin.series.clock import change_between
from deliveries.models import DeliverySeries
from operations.models import Activity, WorkflowState
from operations.schedule_words import policy_sentences, schedule_sentence
from operations.timetable import next_instants, scheduler_types

RUNS = 10


@dataclass(frozen=True)
class PlannedRun:
    """`clock`: the change of hour before this run."""

    at: datetime
    day: str
    local: str
    utc: str
    clock: str = ""


@dataclass(frozen=True)
class Plan:
    """`when`: the schedule in words; `policies`: what happens to late and overlapping runs."""

    runs: Sequence[PlannedRun]
    when: str
    policies: Sequence[str]
    why_none: str = ""


def plan_of(series: DeliverySeries, now: datetime) -> Plan:
    workflow = series.activity.workflow
    rows = Activity.objects.filter(workflow=workflow, type__in=scheduler_types(), retired=False)
    schedulers = list(rows.select_related("workflow").order_by("pk"))
    when = "; ".join(schedule_sentence(row.config["schedule"], workflow.zone_name()) for row in schedulers)
    policies = [sentence for row in schedulers[:1] for sentence in policy_sentences(row.config)]
    if workflow.state != WorkflowState.STARTED:
        return Plan([], when, policies, _("Its workflow is not started: no run is planned."))
    if not schedulers:
        return Plan([], when, policies, _("Its workflow has no schedule: it runs when somebody asks it to."))
    instants = sorted({at for row in schedulers for at in next_instants(row, now, RUNS)})[:RUNS]
    runs = _runs(instants, ZoneInfo(workflow.zone_name()), now)
    return Plan(runs, when, policies, "" if runs else _("No run is left: the schedule is over."))


def _runs(instants: Sequence[datetime], zone: ZoneInfo, now: datetime) -> list[PlannedRun]:
    return [
        PlannedRun(
            at=at,
            day=date_format(at.astimezone(zone), "D j N"),
            local=f"{at.astimezone(zone):%H:%M}",
            utc=f"{at.astimezone(UTC):%H:%M} UTC",
            # Before the first one there is no run whose hour could stay.
            clock=change_between(instants[place - 1], at, zone) if place else "",
        )
        for place, at in enumerate(instants)
    ]
