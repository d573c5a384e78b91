"""The gauge of a delivery: how far it is, how fast, when it ends; and its messages per minute as a chart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from common.charts import Line, Part, line_chart, progress_bar
from common.figures import count, percent, share_of
from deliveries.models import Delivery, DeliveryMinute, DeliveryState
from deliveries.models.delivery import ANALYSIS_STATES, SENDING_STATES
from deliveries.progress import Progress, progress_of

MOVING = (*SENDING_STATES, *ANALYSIS_STATES, DeliveryState.START_PENDING)
# A curve of more points says no more.
POINTS = 60
LONGEST = 24 * 60
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Tile:
    label: Any
    figure: str
    share: str = ""
    note: str = ""


def is_moving(delivery: Delivery) -> bool:
    """Its figures may change by themselves."""
    return delivery.state in MOVING or delivery.stop_requested


def gauge_of(delivery: Delivery, now: datetime) -> dict[str, Any]:
    progress = progress_of([delivery], now)[delivery.pk]
    parts = [
        Part(_("Success"), progress.succeeded, "ok"),
        Part(_("Failed"), progress.failed, "bad"),
        Part(_("In doubt"), progress.in_doubt, "doubt"),
        Part(_("Cancelled"), delivery.cancelled, "mute"),
        Part(_("Pending"), progress.waiting, "rest"),
    ]
    sentence = _("%(share)s of %(number)s messages processed") % {
        "share": percent(progress.share),
        "number": count(progress.to_send),
    }
    always = (_("Success"), _("Failed"), _("Pending"))
    return {
        "tiles": _tiles(delivery, progress),
        "bar": progress_bar(parts, total=progress.to_send, sentence=sentence, size="l"),
        "legend": [(part, count(part.value)) for part in parts if part.value or part.label in always],
        "progress": progress,
    }


def _tiles(delivery: Delivery, progress: Progress) -> list[Tile]:
    reached = progress.succeeded
    return [
        Tile(
            _("To send"),
            count(progress.to_send),
            note=_("of %(number)s targeted") % {"number": count(delivery.targeted)},
        ),
        Tile(_("Processed"), count(progress.processed), percent(progress.share), _pace(progress)),
        Tile(_("Success"), count(reached), share_of(reached, progress.processed), _("of processed")),
        Tile(
            _("Human opens"),
            count(delivery.opened) if delivery.tracking_enabled else count(None),
            share_of(delivery.opened, reached) if delivery.tracking_enabled else "",
            _("machines set apart") if delivery.tracking_enabled else _("tracking is off"),
        ),
    ]


def _pace(progress: Progress) -> str:
    if progress.per_minute is None:
        return ""
    pace = _("%(number)s/min") % {"number": count(progress.per_minute)}
    if progress.ends_at is None:
        return pace
    return _("%(pace)s, ends about %(time)s") % {"pace": pace, "time": _when(progress.ends_at)}


def _when(at: datetime) -> str:
    local = localtime(at)
    is_today = local.date() == localtime().date()
    return date_format(local, "H:i" if is_today else "SHORT_DATETIME_FORMAT")


def throughput_chart(delivery: Delivery, progress: Progress, now: datetime) -> SafeString | None:
    """Messages per minute, and what is expected while it moves; None before the first one."""
    minutes = _minutes(delivery)
    if not minutes:
        return None
    first, values = minutes
    step = ceil(len(values) / POINTS)
    rates: list[float | None] = [
        sum(values[place : place + step]) / len(values[place : place + step]) for place in range(0, len(values), step)
    ]
    ahead = _ahead(progress, now, step) if delivery.state in SENDING_STATES else 0
    labels = [_clock(first + _MINUTE * step * place) for place in range(len(rates) + ahead)]
    last = rates[-1] or 0
    lines = [
        Line(
            _("Messages per minute"),
            rates + [None] * ahead,
            area=True,
            end=_("%(number)s/min") % {"number": count(last)},
        )
    ]
    if ahead and progress.per_minute:
        expected = [None] * (len(rates) - 1) + [last] + [progress.per_minute] * ahead
        lines.append(Line(_("Expected"), expected, look="rest", dashed=True))
    highest = max(rate for rate in rates if rate is not None)
    sentence = _("Messages per minute since %(from)s: at most %(highest)s, lately %(last)s.") % {
        "from": _clock(first),
        "highest": count(highest),
        "last": count(last),
    }
    return line_chart(sentence=sentence, labels=labels, lines=lines)


def _minutes(delivery: Delivery) -> tuple[datetime, list[int]] | None:
    """The first minute, and the messages of each one since; those of the last day at most."""
    rows = DeliveryMinute.objects.filter(delivery_id=delivery.pk).order_by("-minute")
    found = dict(rows.values_list("minute", "processed")[:LONGEST])
    if not found:
        return None
    last = max(found)
    first = max(min(found), last - _MINUTE * (LONGEST - 1))
    number = int((last - first) / _MINUTE) + 1
    return first, [found.get(first + _MINUTE * place, 0) for place in range(number)]


def _ahead(progress: Progress, now: datetime, step: int) -> int:
    """How many points the rest takes; no more than half of the drawing."""
    if progress.ends_at is None:
        return 0
    return min(ceil((progress.ends_at - now) / (_MINUTE * step)), POINTS // 2)


def _clock(at: datetime) -> str:
    return date_format(localtime(at), "H:i")
