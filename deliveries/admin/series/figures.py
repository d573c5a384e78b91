"""A series in five figures, how they moved lately, and its occurrences as bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.charts import Line, bar_chart
from common.figures import count, percent, share_of, short_day
from deliveries.models import Delivery, DeliverySeries, DeliveryState
from deliveries.models.delivery import FINAL_STATES
from deliveries.progress import SUCCESS

BARS = 60
# The last so many that are over, against as many before.
COMPARED = 4
# Percent or points below which nothing has moved.
STABLE = 0.05


@dataclass(frozen=True)
class Delta:
    """`mood`: good, bad, or nothing where it is neither."""

    text: str
    icon: str
    mood: str = ""


@dataclass(frozen=True)
class Tile:
    label: Any
    figure: str
    note: str = ""
    delta: Delta | None = None


def succeeded(delivery: Delivery) -> int:
    return sum(getattr(delivery, name) for name in SUCCESS)


def latest(series: DeliverySeries, most: int = BARS) -> list[Delivery]:
    """The last occurrences, the newest first."""
    rows = series.occurrences.select_related("workflow_run").defer("html", "text")
    return list(rows.order_by("-occurrence")[:most])


def tiles_of(series: DeliverySeries, occurrences: Sequence[Delivery]) -> list[Tile]:
    """`occurrences`: the newest first."""
    sums = _sums(series)
    over = [row for row in occurrences if row.state in FINAL_STATES]
    now, before = over[:COMPARED], over[COMPARED : 2 * COMPARED]
    has_both = len(before) == COMPARED
    against = _("last %(number)d vs %(number)d before") % {"number": COMPARED} if has_both else ""

    def points(of: Callable[[Delivery], int], better: str) -> Delta | None:
        return _points(now, before, of, better) if has_both else None

    return [
        Tile(_("Occurrences"), count(sums["occurrences"]), _states(sums)),
        Tile(_("Messages sent"), count(sums["messages"]), against, _growth(now, before) if has_both else None),
        _reach(sums),
        Tile(
            _("Human opens"),
            share_of(sums["opened"], sums["tracked"]),
            against,
            points(lambda row: row.opened, "up"),
        ),
        Tile(
            _("Unsubscribed"),
            percent(sums["unsubscribed"] / sums["messages"] if sums["messages"] else None, decimals=2),
            against,
            points(lambda row: row.unsubscribed, "down"),
        ),
    ]


def _sums(series: DeliverySeries) -> dict[str, Any]:
    messages: Any = sum((F(name) for name in SUCCESS[1:]), F(SUCCESS[0]))
    over = Q(state__in=FINAL_STATES)
    found = series.occurrences.aggregate(
        occurrences=Count("pk"),
        finished=Count("pk", filter=Q(state=DeliveryState.FINISHED)),
        stopped=Count("pk", filter=Q(state=DeliveryState.STOPPED)),
        messages=Sum(messages, default=0),
        tracked=Sum(messages, default=0, filter=Q(tracking_enabled=True)),
        opened=Sum("opened", default=0),
        unsubscribed=Sum("unsubscribed", default=0),
        people=Sum("new_people"),
        uncounted=Count("pk", filter=over & Q(new_people__isnull=True)),
    )
    return dict(found)


def _states(sums: dict[str, Any]) -> str:
    parts = [
        ngettext("%(number)s finished", "%(number)s finished", sums["finished"]) % {"number": count(sums["finished"])}
    ]
    if sums["stopped"]:
        stopped = ngettext("%(number)s stopped", "%(number)s stopped", sums["stopped"])
        parts.append(stopped % {"number": count(sums["stopped"])})
    return ", ".join(parts)


def _reach(sums: dict[str, Any]) -> Tile:
    if sums["people"] is None:
        return Tile(_("Cumulated reach"), count(None), _("counted when an occurrence is over"))
    note = _("people, each counted once")
    if sums["uncounted"]:
        more = ngettext("%(number)s occurrence to count", "%(number)s occurrences to count", sums["uncounted"])
        note = f"{note}; {more % {'number': count(sums['uncounted'])}}"
    return Tile(_("Cumulated reach"), count(sums["people"]), note)


def _growth(now: Sequence[Delivery], before: Sequence[Delivery]) -> Delta | None:
    new, old = (sum(map(succeeded, rows)) for rows in (now, before))
    if not old:
        return None
    return _delta(100 * (new - old) / old, _("%(number)s%%"), "up")


def _points(
    now: Sequence[Delivery], before: Sequence[Delivery], of: Callable[[Delivery], int], better: str
) -> Delta | None:
    shares = []
    for rows in (now, before):
        sent = sum(map(succeeded, rows))
        if not sent:
            return None
        shares.append(100 * sum(map(of, rows)) / sent)
    return _delta(shares[0] - shares[1], _("%(number)s pt"), better)


def _delta(moved: float, template: str, better: str) -> Delta:
    """Green or red by what it means, not by its sign."""
    if abs(moved) < STABLE:
        return Delta(_("stable"), "minus")
    sign = "+" if moved > 0 else "−"
    text = sign + template % {"number": number_format(abs(moved), 1, use_l10n=True)}
    way = "up" if moved > 0 else "down"
    icon = "arrow-up-right" if moved > 0 else "arrow-down-right"
    return Delta(text, icon, "good" if way == better else "bad")


def chart_of(series: DeliverySeries, occurrences: Sequence[Delivery]) -> SafeString:
    """Messages of each occurrence, and how many people all of them together have reached; oldest at the left."""
    rows = list(reversed(occurrences))
    reach = _reach_so_far(series, rows)
    last = next((value for value in reversed(reach) if value is not None), None)
    sentence = _(
        "The last %(number)d occurrences: %(messages)s messages; the series has reached %(people)s people."
    ) % {
        "number": len(rows),
        "messages": count(sum(map(succeeded, rows))),
        "people": count(last),
    }
    stopped = [row.state == DeliveryState.STOPPED for row in rows]
    return bar_chart(
        sentence=sentence,
        head=_("Sent"),
        labels=[short_day(localtime(moment_of(row))) for row in rows],
        values=[succeeded(row) for row in rows],
        looks=["c5" if was_stopped else "c1" for was_stopped in stopped],
        behind=[
            row.targeted - row.ignored if was_stopped else 0 for row, was_stopped in zip(rows, stopped, strict=True)
        ],
        lines=[Line(_("Distinct people so far"), reach, look="c2", end=count(last) if last else "")],
        width=1080,
    )


def _reach_so_far(series: DeliverySeries, rows: Sequence[Delivery]) -> list[float | None]:
    """After each occurrence; not known from the first one that is not counted yet."""
    first = rows[0].occurrence if rows else 0
    earlier = series.occurrences.filter(occurrence__lt=first).aggregate(people=Sum("new_people", default=0))["people"]
    sums = list(accumulate((row.new_people or 0 for row in rows), initial=earlier))[1:]
    known = next((place for place, row in enumerate(rows) if row.new_people is None), len(rows))
    return [value if place < known else None for place, value in enumerate(sums)]


def moment_of(delivery: Delivery) -> Any:
    """The instant for which an occurrence was planned."""
    run = delivery.workflow_run
    return run.scheduled_for if run is not None else delivery.contact_date or delivery.created_at
