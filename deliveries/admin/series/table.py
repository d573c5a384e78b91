"""The occurrences of a series, the newest first; between them the runs that found nobody and the changes of hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.paginator import Page, Paginator
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.badges import Badge
from common.charts import sparkline
from common.figures import count, share_of
from deliveries.admin.badges import state_badge
from deliveries.admin.series.clock import change_between
from deliveries.admin.series.curves import curves_of
from deliveries.admin.series.figures import moment_of, succeeded
from deliveries.models import Delivery, DeliverySeries, DeliveryState
from operations.models import ActivityRun, TaskState

PAGE = 52
# Of one page; of a schedule that nearly always finds nobody, the others are not told.
MOST_EMPTY = 200


@dataclass(frozen=True)
class Occurrence:
    """One line; figures are text. `left`: what had left when it was stopped."""

    row: Delivery
    at: datetime
    badge: Badge
    to_send: str
    success: str
    opens: str
    clicks: str
    unsubscribed: str
    new_people: str
    spark: SafeString
    left: str = ""


@dataclass(frozen=True)
class Remark:
    """A line across the table: `empty` or `clock`."""

    kind: str
    text: str


def page_of(series: DeliverySeries, number: str) -> Page[Delivery]:
    rows = series.occurrences.select_related("workflow_run").defer("html", "text").order_by("-occurrence")
    return Paginator(rows, PAGE).get_page(number)


def lines_of(series: DeliverySeries, page: Page[Delivery]) -> list[Occurrence | Remark]:
    rows = list(page.object_list)
    curves = curves_of([row.pk for row in rows])
    zone = ZoneInfo(series.activity.workflow.zone_name())
    waiting = _empty_runs(series, page, rows)
    lines: list[Occurrence | Remark] = []
    for place, row in enumerate(rows):
        at = moment_of(row)
        lines += _remark_of([waiting.pop(0) for _one in list(waiting) if waiting and waiting[0] > at], zone)
        lines.append(_occurrence(row, at, curves.get(row.pk, [])))
        clock = change_between(moment_of(rows[place + 1]), at, zone) if place + 1 < len(rows) else ""
        lines += [Remark("clock", clock)] if clock else []
    return [*lines, *_remark_of(waiting, zone)]


def _occurrence(row: Delivery, at: datetime, curve: Sequence[int]) -> Occurrence:
    done = succeeded(row)
    to_send = row.targeted - row.ignored
    is_tracked = row.tracking_enabled and done
    left = _("%(number)s had left") % {"number": count(done)} if row.state == DeliveryState.STOPPED else ""
    return Occurrence(
        row=row,
        at=at,
        badge=state_badge(row),
        to_send=count(to_send),
        success=share_of(done, to_send),
        opens=share_of(row.opened, done) if is_tracked else count(None),
        clicks=share_of(row.clicked, done) if is_tracked else count(None),
        unsubscribed=count(row.unsubscribed),
        new_people=count(None) if row.new_people is None else f"+{count(row.new_people)}",
        spark=sparkline(curve, sentence=_("Opens of the first 72 hours: %(number)s") % {"number": count(curve[-1])})
        if curve
        else SafeString(""),
        left=left,
    )


def _empty_runs(series: DeliverySeries, page: Page[Delivery], rows: Sequence[Delivery]) -> list[datetime]:
    """Instants of the runs that made no delivery, the latest first, from those around the rows of this page."""
    tasks = ActivityRun.objects.filter(activity=series.activity_id, state=TaskState.DONE, delivery__isnull=True)
    if rows and page.has_next():
        tasks = tasks.filter(run__scheduled_for__gt=moment_of(rows[-1]))
    if rows and page.has_previous():
        tasks = tasks.filter(run__scheduled_for__lt=moment_of(rows[0]))
    found = tasks.order_by("-run__scheduled_for").values_list("run__scheduled_for", flat=True)
    return list(found[:MOST_EMPTY])


def _remark_of(instants: Sequence[datetime], zone: ZoneInfo) -> list[Remark]:
    if not instants:
        return []
    first, last = (date_format(at.astimezone(zone), "DATETIME_FORMAT") for at in (instants[-1], instants[0]))
    text = ngettext(
        "%(first)s: nobody in the population, no delivery was made.",
        "%(number)d runs from %(first)s to %(last)s: nobody in the population, no delivery was made.",
        len(instants),
    )
    return [Remark("empty", text % {"number": len(instants), "first": first, "last": last})]


def csv_rows(series: DeliverySeries) -> Iterator[list[Any]]:
    """Headings, then every occurrence, the oldest first; numbers, not shares."""
    heads = [_("number"), _("delivery"), _("scheduled"), _("state"), _("targeted"), _("ignored"), _("succeeded")]
    heads += [_("failed"), _("in doubt"), _("cancelled"), _("human opens"), _("clicks"), _("unsubscribed")]
    yield [*heads, _("new people")]
    rows = series.occurrences.select_related("workflow_run").defer("html", "text").order_by("occurrence")
    for row in rows.iterator(chunk_size=1000):
        counts = [row.targeted, row.ignored, succeeded(row), row.failed, row.in_doubt, row.cancelled]
        hits = [row.opened, row.clicked, row.unsubscribed]
        new = "" if row.new_people is None else row.new_people
        state = DeliveryState(row.state).slug
        yield [row.occurrence, row.label, moment_of(row).isoformat(), state, *counts, *hits, new]
