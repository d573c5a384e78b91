"""Set-based writes: a queryset or a statement becomes an INSERT … SELECT, and no row enters Python."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, models, transaction


def insert_from_select(
    model: type[models.Model], columns: Sequence[str], rows: models.QuerySet[Any], *, ignore_conflicts: bool = False
) -> int:
    """Insert what the queryset selects (`values_list` in the order of `columns`, field names); return the row count."""
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(model._meta.get_field(name).column)) for name in columns)  # type: ignore[union-attr]
    try:
        sql, parameters = rows.query.sql_with_params()
    except EmptyResultSet:
        return 0
    conflict = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    return execute(f"INSERT INTO {quote(model._meta.db_table)} ({names}) {_from(sql, conflict)}{conflict}", parameters)


def _from(sql: str, conflict: str) -> str:
    # SQLite can't tell "ON CONFLICT" from a join's "ON" unless the SELECT has a WHERE clause.
    if conflict and connection.vendor == "sqlite":
        return f"SELECT * FROM ({sql}) AS source WHERE 1"
    return sql


def execute(sql: str, parameters: Sequence[Any] = ()) -> int:
    """Run one statement and return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def fetch_all(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def fetch_value(sql: str, parameters: Sequence[Any] = ()) -> Any:
    rows = fetch_all(sql, parameters)
    return rows[0][0] if rows else None


def timestamp(moment: datetime) -> Any:
    """An instant as a parameter of a statement."""
    return connection.ops.adapt_datetimefield_value(moment)


def identifier(number: UUID) -> Any:
    """A UUID as a parameter of a statement."""
    return number if connection.features.has_native_uuid_field else number.hex


def places(values: Collection[Any]) -> str:
    """The places of an `IN (…)`; it may be empty, and then holds nothing."""
    return ", ".join(["%s"] * len(values)) or "NULL"


def rows_given(rows: Sequence[Sequence[Any]], types: Sequence[str]) -> tuple[str, list[Any]]:
    """A query that gives these rows (columns column1, column2 …) and its parameters; `types` are PostgreSQL's.

    There each column is one array: to parse thousands of places takes longer than the statement.
    """
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{kind}[]" for kind in types)
        names = ", ".join(f"column{number}" for number in range(1, len(types) + 1))
        columns = [[row[number] for row in rows] for number in range(len(types))]
        return f"SELECT * FROM unnest({arrays}) AS given ({names})", columns
    row = f"({places(types)})"
    return f"VALUES {', '.join([row] * len(rows))}", [value for values in rows for value in values]


@contextmanager
def exclusive(name: str) -> Iterator[None]:
    """A transaction that at most one process holds under this name; released at its end.

    SQLite's IMMEDIATE transactions exclude each other already.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])
        yield


def truncate_error(error: BaseException, limit: int = 2000) -> str:
    text = str(error).strip() or type(error).__name__
    return text[:limit]
