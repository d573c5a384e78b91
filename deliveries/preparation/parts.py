"""Cutting: the pending rows of an analysis into parts of consecutive broadlogs, the unit that a sender claims."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from common.sql import execute
from deliveries.models import Broadlog, DeliveryPart, MessageStatus, PartState, Preparation

PART_SIZE = 1000


def cut_parts(preparation: Preparation, *, due_at: datetime) -> int:
    """Make the parts, held until the confirmation; return how many. One statement."""
    quote = connection.ops.quote_name
    numbered = (
        f"SELECT id, (ROW_NUMBER() OVER (ORDER BY id) - 1) / {PART_SIZE} AS part"
        f" FROM {quote(Broadlog._meta.db_table)} WHERE delivery_id = %s AND preparation_id = %s AND status = %s"
    )
    sql = (
        f"INSERT INTO {quote(DeliveryPart._meta.db_table)}"
        " (delivery_id, preparation_id, first_id, last_id, size, state, due_at, attempt, claimed_by)"
        f" SELECT %s, %s, MIN(id), MAX(id), COUNT(*), %s, {_instant()}, 0, ''"
        f" FROM ({numbered}) AS numbered GROUP BY part ORDER BY part"
    )
    part = (preparation.delivery_id, preparation.pk, int(PartState.HELD))
    rows = (preparation.delivery_id, preparation.pk, int(MessageStatus.PENDING))
    return execute(sql, (*part, connection.ops.adapt_datetimefield_value(due_at), *rows))


def _instant() -> str:
    # Beside aggregates PostgreSQL would take a bare parameter for text.
    return "CAST(%s AS timestamptz)" if connection.vendor == "postgresql" else "%s"
