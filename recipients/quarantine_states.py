"""The whole state of quarantined addresses, taken before a change and put back when that change was wrong."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.dateparse import parse_datetime

from common.sql import execute
from recipients.models import Quarantine

Key = tuple[str, str]
# Plain JSON values, under the names of the columns; None: the address had no row.
State = dict[str, Any] | None
Status = Quarantine.Status

_MOMENTS = ("last_significant_at", "last_error_at")
_KEPT = (
    *("status", "error_count", "failure_type", "failure_reason", "error_text"),
    *("last_significant_at", "last_error_at", "delivery_id", "delivery_label"),
)
_UNKNOWN: dict[str, Any] = {
    **{"status": int(Status.VALID), "error_count": 0, "failure_type": 0, "failure_reason": 0, "error_text": ""},
    **{"last_significant_at": None, "last_error_at": None, "delivery_id": None, "delivery_label": ""},
}
_SQL_TYPES = {
    **{"status": "smallint", "error_count": "integer", "failure_type": "smallint", "failure_reason": "smallint"},
    **{"error_text": "text", "delivery_id": "bigint", "delivery_label": "varchar(250)"},
}


def states_of(keys: Collection[Key]) -> dict[Key, State]:
    """The present state of each (channel, address key), in one query."""
    rows = Quarantine.objects.filter(address__in={address for _channel, address in keys})
    found = {(row["channel"], row["address"]): row for row in rows.values("channel", "address", *_KEPT)}
    return {key: _as_json(found[key]) if key in found else None for key in keys}


@transaction.atomic
def restore_states(states: Mapping[int, State], *, now: datetime) -> int:
    """Put back the state of each row of Quarantine (by number) unless it is denylisted; return how many rows changed.

    An address that had no row becomes valid.
    """
    if not states:
        return 0
    numbers = Quarantine.objects.filter(pk__in=states).order_by("channel", "address").select_for_update()
    locked = list(numbers.values_list("pk", flat=True))
    rows = [[number, *_values(states[number] or _UNKNOWN)] for number in locked]
    adapted = connection.ops.adapt_datetimefield_value(now)
    return execute(_update(len(rows)), [adapted, *(value for row in rows for value in row)]) if rows else 0


def _as_json(row: dict[str, Any]) -> dict[str, Any]:
    moments = {name: row[name].isoformat() if row[name] else None for name in _MOMENTS}
    return {name: moments.get(name, row[name]) for name in _KEPT}


def _values(state: Mapping[str, Any]) -> list[Any]:
    return [_moment(state[name]) if name in _MOMENTS else state[name] for name in _KEPT]


def _moment(text: str | None) -> Any:
    moment = parse_datetime(text) if text else None
    return connection.ops.adapt_datetimefield_value(moment) if moment else None


def _update(count: int) -> str:
    places = ", ".join([f"({', '.join(['%s'] * (len(_KEPT) + 1))})"] * count)
    # Columns of VALUES have these names in PostgreSQL and in SQLite.
    changes = ", ".join(f"{name} = {_cast(name, f'state.column{number}')}" for number, name in enumerate(_KEPT, 2))
    return (
        f"UPDATE recipients_quarantine AS q SET updated_at = %s, {changes} FROM (VALUES {places}) AS state"
        f" WHERE q.id = state.column1 AND q.status <> {int(Status.DENYLISTED)}"
    )


def _cast(name: str, value: str) -> str:
    if name in _SQL_TYPES:
        return f"CAST({value} AS {_SQL_TYPES[name]})"
    # SQLite keeps instants as text, and has no type to cast them to.
    return value if connection.vendor == "sqlite" else f"CAST({value} AS timestamptz)"
