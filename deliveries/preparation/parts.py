"""Cutting: the pending rows of an analysis into parts of consecutive broadlogs, the unit that a sender claims."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from common.sql import execute, fetch_all, fetch_value, timestamp
from deliveries.models import Broadlog, DeliveryPart, MessageStatus, PartState, Preparation
from deliveries.preparation.screening import fence

# At most: of a thousand rows those that wait are one part.
PART_SIZE = 1000
BLOCKS = "preparation_blocks"
_BROADLOGS = Broadlog._meta.db_table


def newest_row() -> int:
    """The number of the newest broadlog; whatever is written from now on has a higher one."""
    return int(fetch_value(f"SELECT COALESCE(MAX(id), 0) FROM {_BROADLOGS}"))


def lay_parts(preparation: Preparation, *, after: int, now: datetime) -> dict[int | None, int]:
    """Count the rows of this analysis by their reason and make their parts; they are read once for both."""
    first = fetch_value(f"SELECT MIN(id) FROM {_BROADLOGS} WHERE id > %s", (after,)) or after + 1
    # By numbers, not by counting rows: nothing is sorted, and rows of other deliveries in between only make a part
    # smaller. A SELECT of its own, and with no condition but the range, of which PostgreSQL knows the size without
    # statistics: it shares out what it knows to be long.
    blocks = (
        f"SELECT block, failure_reason, COUNT(*) AS size, MIN(id) AS first_id, MAX(id) AS last_id"
        f" FROM (SELECT id, failure_reason, CASE WHEN preparation_id = %s THEN (id - %s) / {PART_SIZE} END AS block"
        f" FROM {_BROADLOGS} WHERE id >= %s{fence()}) AS written GROUP BY block, failure_reason"
    )
    execute(f"CREATE TEMPORARY TABLE {BLOCKS} AS {blocks}", (preparation.pk, first, first))
    execute(f"DELETE FROM {BLOCKS} WHERE block IS NULL")
    _insert_parts(preparation, f"SELECT * FROM {BLOCKS} WHERE failure_reason IS NULL", (), due_at=now)
    found = fetch_all(f"SELECT failure_reason, SUM(size) FROM {BLOCKS} GROUP BY failure_reason")
    execute(f"DROP TABLE {BLOCKS}")
    return {reason: int(number) for reason, number in found}


def cut_parts(preparation: Preparation, *, due_at: datetime) -> int:
    """The parts of an analysis wait for the confirmation, due at this instant; return how many they are."""
    laid = DeliveryPart.objects.filter(preparation=preparation).update(due_at=due_at)
    # Rows that a SELECT did not write have none yet: a proof to bare addresses.
    return laid or _cut_rows(preparation, due_at)


def _cut_rows(preparation: Preparation, due_at: datetime) -> int:
    numbered = (
        f"SELECT id, (ROW_NUMBER() OVER (ORDER BY id) - 1) / {PART_SIZE} AS block"
        f" FROM {_BROADLOGS} WHERE delivery_id = %s AND preparation_id = %s AND status = %s"
    )
    blocks = (
        "SELECT block, COUNT(*) AS size, MIN(id) AS first_id, MAX(id) AS last_id"
        f" FROM ({numbered}) AS numbered GROUP BY block"
    )
    rows = (preparation.delivery_id, preparation.pk, int(MessageStatus.PENDING))
    return _insert_parts(preparation, blocks, rows, due_at=due_at)


def _insert_parts(preparation: Preparation, blocks: str, parameters: tuple[int, ...], *, due_at: datetime) -> int:
    sql = (
        f"INSERT INTO {connection.ops.quote_name(DeliveryPart._meta.db_table)}"
        " (delivery_id, preparation_id, first_id, last_id, size, state, due_at, attempt, claimed_by)"
        f" SELECT %s, %s, first_id, last_id, size, %s, %s, 0, '' FROM ({blocks}) AS blocks ORDER BY block"
    )
    fixed = (preparation.delivery_id, preparation.pk, int(PartState.HELD), timestamp(due_at))
    return execute(sql, (*fixed, *parameters))
