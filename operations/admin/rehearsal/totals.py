"""What a rehearsal adds up to: in all, for each week, and against the one before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from operations.admin.rehearsal.rows import RunRow, delivery_lines, reasons_in_words, run_key
from operations.models import Rehearsal, RehearsalState, RunState


@dataclass(frozen=True)
class Total:
    """`people` counts somebody once for each run; `monday` is None for the whole rehearsal."""

    monday: date | None
    runs: int
    skipped: int
    people: int
    deliveries: int
    to_deliver: int
    dropped: int
    reasons: str


@dataclass(frozen=True)
class Comparison:
    """Against an earlier rehearsal, over the runs that both have."""

    earlier: Rehearsal
    runs: int
    difference: int


def total_of(rows: Iterable[RunRow], monday: date | None = None) -> Total:
    taken = list(rows)
    deliveries = [line for row in taken for line in row.deliveries]
    reasons: Counter[str] = Counter()
    for line in deliveries:
        reasons.update(line.ignored)
    skipped = sum(row.state == RunState.SKIPPED for row in taken)
    return Total(
        monday=monday,
        runs=len(taken) - skipped,
        skipped=skipped,
        people=sum(row.people or 0 for row in taken),
        deliveries=len(deliveries),
        to_deliver=sum(line.to_deliver for line in deliveries),
        dropped=sum(line.dropped for line in deliveries),
        reasons=reasons_in_words(reasons),
    )


def weeks_of(rows: Iterable[RunRow]) -> list[Total]:
    """By calendar weeks, which begin on Mondays."""
    return [total_of(group, monday) for monday, group in groupby(rows, key=lambda row: _monday(row.at.date()))]


def comparison_of(rehearsal: Rehearsal) -> Comparison | None:
    """With the last one that was done before; None where there is none, or no run in common."""
    done = Rehearsal.objects.filter(workflow=rehearsal.workflow_id, state=RehearsalState.DONE, pk__lt=rehearsal.pk)
    earlier = done.order_by("-pk").first()
    if earlier is None:
        return None
    now, then = _to_deliver(rehearsal), _to_deliver(earlier)
    common = now.keys() & then.keys()
    difference = sum(now[key] - then[key] for key in common)
    return Comparison(earlier, len(common), difference) if common else None


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _to_deliver(rehearsal: Rehearsal) -> dict[str, int]:
    return {
        run_key(report): sum(line.to_deliver for line in delivery_lines(report["tasks"]))
        for report in rehearsal.result.get("runs", [])
    }
