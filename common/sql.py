"""Set-based writes: a queryset or a statement becomes an INSERT … SELECT, and no row enters Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

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
