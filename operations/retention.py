"""What workflows leave behind and nobody needs for long: who was in which set, what runs said, rehearsals.

Runs themselves stay: they say which instants of a schedule have been.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from installation.retention import Purger, keep_days, purgers, rows_purger
from operations.models import Population, PopulationData, PopulationMember, Rehearsal, RunLog
from operations.models.run import FINAL_RUN_STATES

RETENTION_POPULATIONS_DAYS = keep_days(
    "RETENTION_POPULATIONS_DAYS",
    default=30,
    help=_("Days for which it is kept who was in the sets of a run that is over. Their counts stay."),
)
RETENTION_RUN_LOGS_DAYS = keep_days(
    "RETENTION_RUN_LOGS_DAYS", default=365, help=_("Days for which the log of a run that is over is kept.")
)
RETENTION_REHEARSALS_DAYS = keep_days(
    "RETENTION_REHEARSALS_DAYS", default=90, help=_("Days for which rehearsals are kept.")
)
_VOLUME = (PopulationMember, PopulationData)


def _over(before: datetime) -> QuerySet[Population]:
    return Population.objects.filter(task__run__state__in=FINAL_RUN_STATES, task__run__ended_at__lt=before)


def _filled(model: Any, before: datetime) -> QuerySet[Population]:
    return _over(before).filter(Exists(model.objects.filter(population=OuterRef("pk")))).order_by("pk")


def _count_people(before: datetime) -> int:
    over = _over(before).values("pk")
    return sum(model.objects.filter(population__in=over).count() for model in _VOLUME)


def _empty_populations(before: datetime, limit: int) -> int:
    for model in _VOLUME:
        population = _filled(model, before).first()
        if population is not None:
            return _delete_people(model, population, limit)
    return 0


def _delete_people(model: Any, population: Population, limit: int) -> int:
    rows = model.objects.filter(population=population)
    people = list(rows.order_by("recipient_id").values_list("recipient_id", flat=True)[:limit])
    deleted: int = rows.filter(recipient_id__gte=people[0], recipient_id__lte=people[-1]).delete()[0]
    return deleted


purgers.add(
    "populations",
    Purger(_("People of finished runs"), RETENTION_POPULATIONS_DAYS, _count_people, _empty_populations),
)
purgers.add(
    "run_logs",
    rows_purger(
        label=_("Logs of finished runs"),
        option=RETENTION_RUN_LOGS_DAYS,
        old=lambda before: RunLog.objects.filter(run__state__in=FINAL_RUN_STATES, run__ended_at__lt=before),
    ),
)
purgers.add(
    "rehearsals",
    rows_purger(
        label=_("Rehearsals"),
        option=RETENTION_REHEARSALS_DAYS,
        old=lambda before: Rehearsal.objects.filter(ended_at__lt=before),
    ),
)
