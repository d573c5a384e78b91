"""Sets of people in the database: one INSERT … SELECT each, whatever their size.

`None` stands for a transition that carried a signal only: it brings nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, QuerySet, Value, When
from django.db.models.expressions import OrderBy, Window
from django.db.models.functions import Lower, RowNumber

from common.sql import execute
from operations.models import ActivityRun, Population, PopulationMember
from operations.workflow.fields import recipient_expression, recipient_operand
from recipients.filters.lookups import is_missing
from recipients.models import Recipient

People = QuerySet[Any, Any]
RANDOM = "random"


def store(task: ActivityRun, outlet: str, rows: People) -> Population:
    """Keep the people whom the query selects (one column: their numbers, each once) as what leaves by this outlet."""
    return fill(Population.objects.create(task=task, outlet=outlet), rows)


def fill(population: Population, rows: People) -> Population:
    """The same for a population that is there already, and empty."""
    count = _insert(population, rows)
    Population.objects.filter(pk=population.pk).update(count=count)
    population.count = count
    return population


def _insert(population: Population, rows: People) -> int:
    try:
        sql, parameters = rows.query.sql_with_params()
    except EmptyResultSet:
        return 0
    table = connection.ops.quote_name(PopulationMember._meta.db_table)
    chosen = f"SELECT {int(population.pk)}, people.* FROM ({sql}) AS people"
    return execute(f"INSERT INTO {table} (population_id, recipient_id) {chosen}", parameters)


def members(population: Population) -> People:
    return _members([population]).values_list("recipient_id")


def union(populations: Sequence[Population | None]) -> People:
    """Everybody who is in one of them."""
    return _members(populations).values_list("recipient_id").distinct()


def intersection(populations: Sequence[Population | None]) -> People:
    """Those who are in all of them; nobody when one of them is missing."""
    first, *others = populations or [None]
    rows = _members([first])
    for other in others:
        rows = rows.filter(_is_in([other], "recipient_id"))
    return rows.values_list("recipient_id")


def exclusion(main: Sequence[Population | None], excluded: Sequence[Population | None]) -> People:
    """Those of `main` who are in none of `excluded`."""
    rows = _members(main).filter(~_is_in(excluded, "recipient_id"))
    return rows.values_list("recipient_id").distinct()


def within(people: QuerySet[Recipient], population: Population) -> QuerySet[Recipient]:
    """Those of a query over recipients who are in the population."""
    return people.filter(_is_in([population], "pk"))


def outside(people: QuerySet[Recipient], populations: Sequence[Population]) -> QuerySet[Recipient]:
    """Those of a query over recipients who are in none of the populations."""
    return people.filter(~_is_in(populations, "pk"))


def limited(people: QuerySet[Recipient], *, limit: int, order_by: str, population: Population | None = None) -> People:
    """The first people by this field ("random": any), missing values last, ties by number.

    `population`: where the values of a field `target.<name>` are.
    """
    order: Any = "?"
    if order_by != RANDOM:
        order = OrderBy(recipient_expression(order_by, population), nulls_last=True)
    return people.order_by(order, "pk").values_list("pk")[:limit]


def first_of_each(population: Population, *, by: Sequence[str], order_by: str, descending: bool) -> People:
    """Of the people who share the values of `by`, the first in this order. A missing value equals nothing."""
    people = within(Recipient.objects.order_by(), population)
    return first_among(people, by=by, order_by=order_by, descending=descending, population=population)


def first_among(
    people: QuerySet[Recipient],
    *,
    by: Sequence[str],
    order_by: str,
    descending: bool,
    population: Population | None = None,
) -> People:
    """The same over a query of recipients; `population`: where the values of fields `target.<name>` are."""
    order = [OrderBy(recipient_expression(order_by, population), descending=descending, nulls_last=True)]
    order.append(OrderBy(F("pk"), descending=descending))
    missing = reduce(or_, (is_missing(recipient_operand(name, population)) for name in by))
    # Who lacks a value is alone in a group.
    alone = Case(When(missing, then=F("pk")), default=Value(0), output_field=BigIntegerField())
    rank = Window(RowNumber(), partition_by=[*(key_of(name, population) for name in by), alone], order_by=order)
    return people.annotate(rank=rank).filter(rank=1).values_list("pk")


def key_of(name: str, population: Population | None = None) -> Any:
    """The value by which two people are the same in this field."""
    expression = recipient_expression(name, population)
    # Two spellings of one mailbox are one address.
    return Lower(expression) if name == "email" else expression


def _members(populations: Iterable[Population | None]) -> QuerySet[PopulationMember]:
    numbers = [population.pk for population in populations if population is not None]
    return PopulationMember.objects.filter(population_id__in=numbers).order_by()


def _is_in(populations: Iterable[Population | None], column: str) -> Exists:
    return Exists(_members(populations).filter(recipient_id=OuterRef(column)))
