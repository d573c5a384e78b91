"""SQL: the people whose numbers one SELECT returns, in a column named recipient_id.

The statement only reads, for at most a minute. Values are bound, never written into it: `%(scheduled_for)s`,
`%(count)s` and the run's variables by their names, such as `%(response)s`; a percent sign of its own is written `%%`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Any

from django import forms
from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.sql import execute, fetch_value, truncate_error
from operations.models import Population, PopulationMember
from operations.workflow import populations
from operations.workflow.base import ActivityFailed, ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.registry import register
from recipients.models import Recipient

SECONDS = 60
MAXIMUM_LENGTH = 20_000
FOUND = "diffusion_found"
PLACE = re.compile(r"%\((\w+)\)s|%%|%")
FIRST_WORD = re.compile(r"\s*(select|with)\b", re.IGNORECASE)


class StatementField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options, widget=forms.Textarea, max_length=MAXIMUM_LENGTH)

    def describe(self, scope: Any) -> dict[str, Any]:
        return {"editor": "textarea", "fresh": f"SELECT id AS recipient_id FROM {Recipient._meta.db_table}"}

    def clean(self, value: Any) -> Any:
        statement = super().clean(value)
        fault = _fault(statement)
        if fault:
            raise forms.ValidationError(fault)
        return statement


class SqlConfig(ConfigForm):
    statement = StatementField(
        label=gettext_lazy("Statement"),
        help_text=gettext_lazy(
            "One SELECT with a column recipient_id. %(scheduled_for)s and variables such as %(response)s are filled in."
        ),
    )


@register
class Sql(ActivityType):
    code = "sql"
    label = gettext_lazy("SQL")
    description = gettext_lazy("Finds people with a SELECT statement of your own.")
    icon = "database"
    minimum_inbound = 0
    permission = "operations.run_sql"
    Config = SqlConfig

    def execute(self, context: TaskContext) -> Outcome:
        statement = context.config["statement"]
        values = _values(context)
        unknown = sorted({name for name in PLACE.findall(statement) if name} - set(values))
        if unknown:
            raise ActivityFailed(_("There is no variable %(names)s.") % {"names": ", ".join(unknown)})
        try:
            with transaction.atomic(), _found(statement, values):
                return Done({"out": _store(context)})
        except DatabaseError as error:
            # Among them the time limit, which is no reason to try the task again.
            raise ActivityFailed(_("The statement fails: %(error)s") % {"error": truncate_error(error)}) from error


def _fault(statement: str) -> str:
    """Why this is not one SELECT that can stand between parentheses; empty if it is."""
    if not FIRST_WORD.match(statement):
        return _("A statement begins with SELECT or WITH.")
    for sign in (";", "--", "/*", "\\", "$", "\0"):
        if sign in statement:
            return _("“%(sign)s” can't stand in a statement.") % {"sign": sign.replace("\0", "NUL")}
    if any(match[0] == "%" for match in PLACE.finditer(statement)):
        return _("A percent sign of its own is written %%.")
    # What stands between quotes opens and closes nothing.
    depth = 0
    for sign in re.sub(r"'[^']*'|\"[^\"]*\"", "", statement):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth < 0:
            break
    return _("The parentheses don't match.") if depth else ""


def _values(context: TaskContext) -> Mapping[str, Any]:
    population = context.single_inbound
    own = {"scheduled_for": context.run.scheduled_for, "count": population.count if population else 0}
    said = {name: value for name, value in context.run.vars.items() if not name.startswith("_")}
    return {**said, **own}


@contextmanager
def _found(statement: str, values: Mapping[str, Any]) -> Iterator[None]:
    """The numbers are in a table of this connection alone, which is gone afterwards."""
    execute(f"CREATE TEMPORARY TABLE {FOUND} (recipient_id bigint)")
    with _reading_only(), connection.cursor() as cursor:
        # Between parentheses nothing but a query can stand.
        query = f"SELECT recipient_id FROM ({statement}\n) AS found"
        if connection.vendor == "postgresql":
            cursor.execute(f"INSERT INTO {FOUND} {query}", dict(values))
        else:
            # SQLite undoes the whole transaction when an INSERT is interrupted, but not when a SELECT is.
            cursor.execute(query, dict(values))
            rows = cursor.fetchall()
            cursor.executemany(f"INSERT INTO {FOUND} VALUES (%s)", rows)
    yield
    execute(f"DROP TABLE {FOUND}")


@contextmanager
def _reading_only() -> Iterator[None]:
    """Until the end no table but a temporary one can be written, and no statement takes longer than its time."""
    if connection.vendor != "postgresql":
        with _interrupted_at(monotonic() + SECONDS):
            yield
        return
    former = fetch_value("SHOW statement_timeout")
    # It ends with the savepoint, whatever becomes of that.
    with transaction.atomic():
        execute("SET LOCAL transaction_read_only = on")
        execute(f"SET LOCAL statement_timeout = '{SECONDS}s'")
        yield
    execute("SELECT set_config('statement_timeout', %s, true)", [former])


@contextmanager
def _interrupted_at(deadline: float) -> Iterator[None]:
    connection.ensure_connection()
    handle: Any = connection.connection
    handle.set_progress_handler(lambda: monotonic() > deadline, 10_000)
    try:
        yield
    finally:
        handle.set_progress_handler(None, 0)


def _store(context: TaskContext) -> Population:
    # Each once, and only who exists.
    people = Recipient.objects.order_by().filter(pk__in=RawSQL(f"SELECT recipient_id FROM {FOUND}", []))
    if context.single_inbound is not None:
        inside = PopulationMember.objects.filter(population=context.single_inbound, recipient_id=OuterRef("pk"))
        people = people.filter(Exists(inside))
    return populations.store(context.task, "out", people.values_list("pk"))
