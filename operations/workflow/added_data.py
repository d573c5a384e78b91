"""Added data: values kept beside the people of a population, which the activities after it and messages read.

An activity adds them (`add`): they are those of the population that it makes. The populations that later activities
make of the same people point to that one (`carry`), so nothing is copied on the way; only where people with different
added data meet are they put together. In personalisation they are `target.<name>`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django import forms
from django.db import connection
from django.db.models import (
    BigIntegerField,
    CharField,
    FloatField,
    JSONField,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, JSONObject
from django.utils.translation import gettext as _

from common.sql import execute, insert_from_select
from operations.models import ActivityRun, Population, PopulationData, PopulationMember
from operations.workflow.json_sql import IsoMoment, JsonBoolean, Merged
from recipients.filters import Document
from recipients.filters.values import Kind
from recipients.models import Recipient

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")
PREFIX = "target."
# A database builds an object of fifty values at most.
MAXIMUM_COLUMNS = 20


def check_name(name: Any) -> str:
    """The name of an added value: what can follow `target.` in a message. Raises forms.ValidationError."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        message = _("“%(name)s” can't be a name: use letters, digits and “_”, and begin with a letter.")
        raise forms.ValidationError(message % {"name": str(name)[:100]})
    return name


def add(
    population: Population,
    people: QuerySet[Recipient],
    columns: Mapping[str, Any],
    *,
    onto: Population | None = None,
) -> int:
    """Add values (expressions over Recipient, see `as_json`) to these people of the population; return how many.

    `onto` is the population they came from: what was added to it stays, unless a column has the same name. One
    statement, whatever their number; nobody may be given values twice in one population.
    """
    data: Any = JSONObject(**columns)
    if onto is not None and onto.data_source_id is not None:
        data = Merged(Coalesce(Subquery(data_of(onto.data_source_id, "pk")), Value({}, JSONField())), data)
    target = Value(population.pk, output_field=BigIntegerField())
    rows = people.order_by().annotate(added_to=target, added=data).values_list("added_to", "pk", "added")
    count = insert_from_select(PopulationData, ["population", "recipient", "data"], rows)
    _point(population, population.pk)
    return count


def carry(task: ActivityRun, came: Iterable[Population | None], leaving: Iterable[Population | None]) -> None:
    """Let the added data of those who came in go with the populations that the task made of them.

    People whom the task brings in itself have none. Where several sets with different added data come together, each
    person keeps the values of all; of two with one name, that of the first set.
    """
    sources = [set_.data_source_id for set_ in came if set_ is not None and set_.data_source_id is not None]
    sources = list(dict.fromkeys(sources))
    for population in leaving if sources else ():
        if population is None or population.task_id != task.pk or population.data_source_id is not None:
            continue
        if len(sources) == 1:
            _point(population, sources[0])
        else:
            _gather(population, sources)


def data_of(source: int, recipient: str) -> QuerySet[PopulationData, Any]:
    """For a Subquery: the added data of the person whose number is in this column of the outer query."""
    rows = PopulationData.objects.filter(population_id=source, recipient_id=OuterRef(recipient))
    return rows.values_list("data")[:1]


def beside(population: Population | None) -> Document:
    """What filters and orders over recipients read as `target.<name>`: what was added to these people.

    Without a population it is what a configuration is checked with.
    """
    source = None if population is None else population.data_source_id
    return Document(PREFIX, Subquery(data_of(source or 0, "pk"), output_field=JSONField()))


def values_for(population: Population, recipients: Collection[int]) -> dict[int, dict[str, Any]]:
    """The added data of these people, by their number; a page shows it."""
    if population.data_source_id is None:
        return {}
    rows = PopulationData.objects.filter(population_id=population.data_source_id, recipient_id__in=recipients)
    return dict(rows.values_list("recipient_id", "data"))


def as_json(expression: Any, kind: Kind) -> Any:
    """The expression as a value of `add`: every database writes it alike, a moment as text in UTC."""
    if kind is Kind.BOOLEAN:
        return JsonBoolean(expression)
    if kind is Kind.DATETIME:
        return IsoMoment(expression)
    return expression


def constant(value: str | int | float | bool) -> Any:
    """A value that is the same for everybody."""
    return JsonBoolean(Value(value)) if isinstance(value, bool) else Value(value, output_field=_FIELDS[type(value)]())


_FIELDS: dict[type, type[Any]] = {str: CharField, int: BigIntegerField, float: FloatField}


def _point(population: Population, source: int) -> None:
    Population.objects.filter(pk=population.pk).update(data_source=source)
    population.data_source_id = source


def _gather(population: Population, sources: Iterable[int]) -> None:
    quote = connection.ops.quote_name
    data, members = quote(PopulationData._meta.db_table), quote(PopulationMember._meta.db_table)
    merge = "excluded.data || {0}.data" if connection.vendor == "postgresql" else "json_patch(excluded.data, {0}.data)"
    for source in sources:
        execute(
            f"INSERT INTO {data} (population_id, recipient_id, data)"
            f" SELECT %s, found.recipient_id, found.data FROM {data} AS found WHERE found.population_id = %s"
            f" AND EXISTS (SELECT 1 FROM {members} AS member"
            " WHERE member.population_id = %s AND member.recipient_id = found.recipient_id)"
            f" ON CONFLICT (population_id, recipient_id) DO UPDATE SET data = {merge.format(data)}",
            [population.pk, source, population.pk],
        )
    _point(population, population.pk)
