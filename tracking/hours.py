"""Reactions by hour after the contact, for the curves: one statement over the hits of one delivery."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from common.sql import execute
from deliveries.models import Delivery
from tracking.models import DeliveryHour, HitKind, TrackingLog, Verdict
from tracking.verdicts import MACHINES, OPENING

_STATEMENT = """
INSERT INTO {hours} (delivery_id, hour, human_opens, proxy_opens, machine_opens, clicks, people)
WITH first AS (
    SELECT broadlog_id,
           MIN(CASE WHEN kind IN ({opening}) AND verdict NOT IN ({machines}) THEN at END) AS human,
           MIN(CASE WHEN kind IN ({opening}) AND verdict NOT IN ({machines}) AND NOT (kind = %s AND verdict = %s)
               THEN at END) AS certain,
           MIN(CASE WHEN kind IN ({opening}) AND verdict IN ({machines}) THEN at END) AS machine,
           MIN(CASE WHEN kind = %s AND verdict NOT IN ({machines}) THEN at END) AS click,
           MIN(CASE WHEN kind IN ({opening}) THEN at END) AS anyone
    FROM {hits} WHERE delivery_id = %s GROUP BY broadlog_id
), told AS (
    SELECT human AS at, 1 AS human, CASE WHEN certain IS NULL THEN 1 ELSE 0 END AS proxy, 0 AS machine, 0 AS click,
           0 AS anyone
    FROM first WHERE human IS NOT NULL
    UNION ALL SELECT machine, 0, 0, 1, 0, 0 FROM first WHERE machine IS NOT NULL AND human IS NULL
    UNION ALL SELECT click, 0, 0, 0, 1, 0 FROM first WHERE click IS NOT NULL
    UNION ALL SELECT anyone, 0, 0, 0, 0, 1 FROM first WHERE anyone IS NOT NULL
), placed AS (
    SELECT {hour} AS hour, human, proxy, machine, click, anyone FROM told
)
SELECT %s, CASE WHEN hour < 0 THEN 0 WHEN hour > %s THEN %s ELSE hour END AS bounded,
       SUM(human), SUM(proxy), SUM(machine), SUM(click), SUM(anyone)
FROM placed GROUP BY bounded
"""
_HOUR = {
    "postgresql": "CAST(FLOOR(EXTRACT(EPOCH FROM (at - CAST(%s AS timestamptz))) / 3600) AS integer)",
    # A second more than nothing: days are fractions that don't come out even.
    "sqlite": "CAST(FLOOR((julianday(at) - julianday(%s)) * 24 + 0.000001) AS INTEGER)",
}


def recompute_hours(delivery: Delivery) -> None:
    """Replace the rows of this delivery; its caller has the transaction and is alone at it."""
    DeliveryHour.objects.filter(delivery_id=delivery.pk).delete()
    quote = connection.ops.quote_name
    statement = _STATEMENT.format(
        hours=quote(DeliveryHour._meta.db_table),
        hits=quote(TrackingLog._meta.db_table),
        opening=_listed(OPENING),
        machines=_listed(MACHINES),
        hour=_HOUR[connection.vendor],
    )
    start = connection.ops.adapt_datetimefield_value(start_of(delivery))
    proxied = (str(HitKind.OPEN.value), str(Verdict.PROXY.value))
    bounds = (DeliveryHour.LAST, DeliveryHour.LAST)
    execute(statement, (*proxied, str(HitKind.CLICK.value), delivery.pk, start, delivery.pk, *bounds))


def start_of(delivery: Delivery) -> datetime:
    """The instant from which hours are counted."""
    return delivery.contact_date or delivery.started_at or delivery.created_at


def _listed(values: Sequence[str]) -> str:
    # Our own constants, none of which has a quote in it.
    return ", ".join(f"'{value}'" for value in values)
