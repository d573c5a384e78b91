"""Incremental query: only people whom it has not returned yet, or who are new by a date.

What it remembers belongs to the activity, survives restarts, and is written in the transaction of the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from common.sentences import Sentence
from common.sql import execute
from operations.models import IncrementalMark, IncrementalMember, Population, PopulationMember
from operations.workflow import populations
from operations.workflow.base import ActivityType, Done, Outcome, Scope, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.fields import FilterField
from operations.workflow.registry import register
from recipients.filters import select
from recipients.filters.fields import recipient_fields
from recipients.filters.values import MAX_DAYS, Kind
from recipients.models import Recipient


class DateColumnField(forms.CharField):
    """The name of a column of recipients that holds a date."""

    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "field", "kinds": ["datetime", "date"]}


class IncrementalConfig(ConfigForm):
    filter = FilterField(label=gettext_lazy("Filter"), help_text=gettext_lazy("Who is looked for at each run."))
    history_days = forms.IntegerField(
        label=gettext_lazy("History in days (0: for ever)"),
        initial=0,
        min_value=0,
        max_value=MAX_DAYS,
        help_text=gettext_lazy("For so long nobody is returned twice."),
    )
    date_field = DateColumnField(
        label=gettext_lazy("Date field"),
        required=False,
        help_text=gettext_lazy("Instead of a history: those whose date came since the previous run."),
    )

    def clean_date_field(self) -> str:
        name: str = self.cleaned_data["date_field"]
        known = [key for key, column in recipient_fields().columns.items() if column.kind in (Kind.DATETIME, Kind.DATE)]
        if name and name not in known:
            message = _("There is no date field “%(name)s”; there are %(names)s.")
            raise forms.ValidationError(message % {"name": name, "names": ", ".join(known)})
        return name


@register
class IncrementalQuery(ActivityType):
    code = "incremental_query"
    label = gettext_lazy("Incremental query")
    description = gettext_lazy("Finds people like a query, but only those whom it has not returned yet.")
    icon = "refresh-cw"
    minimum_inbound = 0
    Config = IncrementalConfig

    def clean(self, config: Mapping[str, Any], *, scope: Scope, sources: Sequence[str]) -> dict[str, Any]:
        cleaned = super().clean(config, scope=scope, sources=sources)
        # The contract knows one mode or the other, never an empty date field.
        unused = "history_days" if cleaned["date_field"] else "date_field"
        return {key: value for key, value in cleaned.items() if key != unused}

    def execute(self, context: TaskContext) -> Outcome:
        people = select(context.config["filter"], context.filter_context)
        if context.single_inbound is not None:
            people = populations.within(people, context.single_inbound)
        found = self._by_date(context, people) if context.config.get("date_field") else self._by_memory(context, people)
        if not found.count:
            context.log(Sentence(gettext_noop("Nobody new: the branch ends here until the next run.")))
            return Done()
        return Done({"out": found})

    def _by_memory(self, context: TaskContext, people: QuerySet[Recipient]) -> Population:
        days = context.config.get("history_days", 0)
        instant = context.run.scheduled_for
        # What a repeated run has returned itself does not count.
        returned = IncrementalMember.objects.filter(~Q(run_id=context.run.pk), activity=context.activity)
        if days:
            returned = returned.filter(returned_at__gt=instant - timedelta(days=days))
        fresh = people.filter(~Exists(returned.filter(recipient_id=OuterRef("pk"))))
        found = populations.store(context.task, "out", fresh.values_list("pk"))
        _remember(context, found)
        return found

    def _by_date(self, context: TaskContext, people: QuerySet[Recipient]) -> Population:
        instant = context.run.scheduled_for
        mark = IncrementalMark.objects.select_for_update().filter(activity=context.activity).first()
        column = recipient_fields().columns[context.config["date_field"]]
        moment = _as_date(context) if column.kind is Kind.DATE else (lambda value: value)
        fresh = people.filter(**{f"{column.column}__lte": moment(instant)})
        if mark is not None:
            fresh = fresh.filter(**{f"{column.column}__gt": moment(mark.read_until)})
        found = populations.store(context.task, "out", fresh.values_list("pk"))
        if mark is None or mark.read_until < instant:
            IncrementalMark.objects.update_or_create(activity=context.activity, defaults={"read_until": instant})
        return found


def _as_date(context: TaskContext) -> Any:
    def local_date(instant: datetime) -> Any:
        return instant.astimezone(context.zone).date()

    return local_date


def _remember(context: TaskContext, found: Population) -> None:
    memory = connection.ops.quote_name(IncrementalMember._meta.db_table)
    people = connection.ops.quote_name(PopulationMember._meta.db_table)
    execute(
        f"INSERT INTO {memory} (activity_id, recipient_id, returned_at, run_id) "
        f"SELECT %s, recipient_id, %s, %s FROM {people} WHERE population_id = %s "
        "ON CONFLICT (activity_id, recipient_id) "
        "DO UPDATE SET returned_at = excluded.returned_at, run_id = excluded.run_id",
        [
            context.activity.pk,
            connection.ops.adapt_datetimefield_value(context.run.scheduled_for),
            context.run.pk,
            found.pk,
        ],
    )
