"""Doing what was asked for: claimed by a conditional update, repeated when its process died, its progress shown."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import connection

from common.sql import truncate_error
from operations.models import Rehearsal, RehearsalState
from operations.models.rehearsal import REHEARSAL_MOVES
from operations.rehearsal.simulation import simulate

logger = logging.getLogger("diffusion.workflow")
# Renewed with the progress; a simulation of millions may be at one run for minutes.
LEASE = timedelta(minutes=15)


def waiting_rehearsals(*, now: datetime) -> list[int]:
    """The numbers of those that nobody works on, the oldest first."""
    died = Rehearsal.objects.filter(state=RehearsalState.RUNNING, lease_until__lte=now)
    REHEARSAL_MOVES.move_all(died, to=RehearsalState.WAITING, lease_until=None)
    waiting = Rehearsal.objects.filter(state=RehearsalState.WAITING)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def work_on(number: int, *, now: datetime) -> bool:
    """Rehearse, unless somebody else does (then False); what goes wrong is kept as the rehearsal's error."""
    row = Rehearsal.objects.filter(pk=number)
    taken = REHEARSAL_MOVES.move_all(row, to=RehearsalState.RUNNING, lease_until=now + LEASE)
    if not taken:
        return False
    rehearsal = row.select_related("version__workflow__operation").get()
    try:
        result = simulate(
            rehearsal.version,
            starts_at=rehearsal.starts_at,
            ends_at=rehearsal.ends_at,
            progress=lambda done, planned: _show_progress(number, done, planned),
        )
    except Exception as error:
        logger.warning("rehearsal %s failed", number, exc_info=True)
        REHEARSAL_MOVES.move_all(row, to=RehearsalState.FAILED, error=truncate_error(error), ended_at=now)
        return True
    counts = {"done": len(result["runs"]), "planned": len(result["runs"])}
    REHEARSAL_MOVES.move_all(row, to=RehearsalState.DONE, result=result, ended_at=now, lease_until=None, **counts)
    return True


def _show_progress(number: int, done: int, planned: int) -> None:
    """On another connection: the simulation's own is in a transaction that nobody sees.

    SQLite has one writer, which is the simulation: there the page shows no figure while it works.
    """
    if connection.vendor != "postgresql":
        return
    beside = connection.copy()
    try:
        with beside.cursor() as cursor:
            table = connection.ops.quote_name(Rehearsal._meta.db_table)
            cursor.execute(f"UPDATE {table} SET done = %s, planned = %s WHERE id = %s", [done, planned, number])
    finally:
        beside.close()
