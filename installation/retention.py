"""What is kept for how long: each app registers what it deletes once it is old, in batches that others can pause."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from common.registry import Registry
from installation.models import AuditEntry, IdempotencyKey
from installation.options import IntegerOption, declare, get_option

BATCH = 1000
# After each batch senders get this many times what it took.
REST = 1.0
LONGEST_REST = 0.5
CENTURY = 36_500


@dataclass(frozen=True)
class Purger:
    """One kind of old data. `count(before)` rows are due; `batch(before, limit)` deletes at most so many of them.

    A batch is one short transaction; 0 says that nothing is left. What was cut short goes on at the next call.
    """

    label: Any
    option: IntegerOption
    count: Callable[[datetime], int]
    batch: Callable[[datetime, int], int]


@dataclass(frozen=True)
class Purged:
    """What became of one kind: `before` is empty when it is kept for ever, `finished` is False when time was up."""

    code: str
    label: str
    before: datetime | None
    rows: int
    finished: bool = True


purgers: Registry[Purger] = Registry("purgers")


def keep_days(name: str, *, default: int, help: Any) -> IntegerOption:
    """Declare an option in days; 0 keeps for ever."""
    return declare(IntegerOption(name, default=default, minimum=0, maximum=CENTURY, help=help))


def due(*, now: datetime) -> Iterator[Purged]:
    """How many rows of each kind a purge would delete."""
    for code, purger in purgers.items():
        before = _before(purger, now)
        yield Purged(code, str(purger.label), before, purger.count(before) if before else 0)


def purge(
    *,
    now: datetime,
    seconds: float | None = None,
    on_batch: Callable[[str, int], None] = lambda code, rows: None,
    rest: Callable[[float], None] = sleep,
) -> Iterator[Purged]:
    """Delete what is too old, kind by kind, for at most so many seconds; `on_batch(code, rows so far)` tells of each.

    Between two batches it rests, so that nobody who sends waits for it.
    """
    ends = None if seconds is None else monotonic() + seconds
    for code, purger in purgers.items():
        before = _before(purger, now)
        rows, finished = (0, True) if before is None else _empty(purger, before, ends, code, on_batch, rest)
        yield Purged(code, str(purger.label), before, rows, finished)


def _empty(
    purger: Purger,
    before: datetime,
    ends: float | None,
    code: str,
    on_batch: Callable[[str, int], None],
    rest: Callable[[float], None],
) -> tuple[int, bool]:
    rows = 0
    while ends is None or monotonic() < ends:
        started = monotonic()
        with transaction.atomic():
            deleted = purger.batch(before, BATCH)
        if not deleted:
            return rows, True
        rows += deleted
        on_batch(code, rows)
        rest(min(REST * (monotonic() - started), LONGEST_REST))
    return rows, False


def _before(purger: Purger, now: datetime) -> datetime | None:
    days = get_option(purger.option.name)
    return now - timedelta(days=days) if days else None


def rows_purger(*, label: Any, option: IntegerOption, old: Callable[[datetime], Any]) -> Purger:
    """A purger of a table of its own: `old(before)` is the queryset of what is due, found along an index."""

    def batch(before: datetime, limit: int) -> int:
        numbers = list(old(before).order_by("pk").values_list("pk", flat=True)[:limit])
        deleted, _tables = old(before).model.objects.filter(pk__in=numbers).delete()
        return int(deleted)

    return Purger(label, option, lambda before: old(before).count(), batch)


purgers.add(
    "audit",
    rows_purger(
        label=_("Audit entries"),
        option=keep_days("RETENTION_AUDIT_DAYS", default=1825, help=_("Days for which audit entries are kept.")),
        old=lambda before: AuditEntry.objects.filter(at__lt=before),
    ),
)
purgers.add(
    "idempotency",
    rows_purger(
        label=_("Idempotency keys"),
        option=keep_days(
            "RETENTION_IDEMPOTENCY_DAYS", default=7, help=_("Days for which answers of the API can be asked for again.")
        ),
        old=lambda before: IdempotencyKey.objects.filter(created_at__lt=before),
    ),
)
