"""Two occurrences or more, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common.charts import Line, line_chart
from common.figures import count, percent, share_of
from deliveries.admin.series.curves import curves_of
from deliveries.admin.series.figures import succeeded
from deliveries.models import Delivery, DeliverySeries

MOST = 6
# Three times a day over three days.
STEP = 8


@dataclass(frozen=True)
class Comparison:
    """`lines`: (label, one cell for each occurrence)."""

    occurrences: Sequence[Delivery]
    lines: Sequence[tuple[Any, Sequence[str]]]
    chart: SafeString | None
    is_alone: bool


def comparison_of(series: DeliverySeries, query: QueryDict) -> Comparison | None:
    """`?compare=51&compare=52`, or `?compare=51,52`: numbers in the series. None when nothing is compared."""
    texts = [text for value in query.getlist("compare") for text in value.split(",")]
    numbers = sorted({int(text) for text in texts if text.strip().isdecimal()})[:MOST]
    rows = list(series.occurrences.filter(occurrence__in=numbers).order_by("occurrence")) if numbers else []
    if not rows:
        return None
    return Comparison(rows, [(label, list(map(say, rows))) for label, say in _measures()], _chart(rows), len(rows) < 2)


def _measures() -> list[tuple[Any, Callable[[Delivery], str]]]:
    return [
        (_("State"), lambda row: str(row.get_state_display())),
        (_("Subject"), lambda row: row.subject or count(None)),
        (_("To send"), lambda row: count(row.targeted - row.ignored)),
        (_("Success"), lambda row: share_of(succeeded(row), row.targeted - row.ignored)),
        (_("Failed"), lambda row: count(row.failed)),
        (_("Human opens"), lambda row: _with_share(row.opened, row)),
        (_("Clicks"), lambda row: _with_share(row.clicked, row)),
        (_("Reactivity"), lambda row: share_of(row.clicked, row.opened)),
        (_("Unsubscribed"), lambda row: _with_share(row.unsubscribed, row)),
        (_("New people"), lambda row: count(row.new_people)),
    ]


def _with_share(number: int, row: Delivery) -> str:
    sent = succeeded(row)
    return f"{share_of(number, sent)} ({count(number)})" if sent else count(None)


def _chart(rows: Sequence[Delivery]) -> SafeString | None:
    """Share of the messages opened by people, hour by hour."""
    curves = curves_of([row.pk for row in rows])
    lines = [
        Line(
            _("Occurrence %(number)s") % {"number": row.occurrence},
            [100 * value / sent for value in curves[row.pk]],
            look=f"c{place % 5 + 1}",
            end=f"{row.occurrence}",
        )
        for place, row in enumerate(rows)
        for sent in [succeeded(row)]
        if sent and row.pk in curves
    ]
    if not lines:
        return None
    length = len(lines[0].values)
    return line_chart(
        sentence=_("Share of messages opened by people, over the first 72 hours"),
        labels=[f"+{hour} h" if hour % STEP == 0 else "" for hour in range(length)],
        lines=lines,
        shown=lambda value: percent(value / 100, 0),
        width=1080,
    )
