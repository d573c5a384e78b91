"""The last 30 days against the 30 before: figures and charts from the counters of deliveries, by the day they began."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import sqrt
from typing import Any

from django.db.models import Sum
from django.db.models.functions import TruncDate
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from campaign_site.home.viewpoint import Context, Viewpoint
from common.charts import Line, line_chart, sparkline, stacked_chart
from common.figures import NOT_KNOWN, count, percent, short_day
from deliveries.models import DeliveryKind
from deliveries.progress import SUCCESS
from recipients.vocabulary import Channel
from tracking.models import DeliveryHour

DAYS = 30
# Of the normal distribution: 19 in 20 lie within.
_SURENESS = 1.96
_SUMMED = ("targeted", "ignored", "pending", "prepared", "in_doubt", *SUCCESS, "opened", "clicked", "unsubscribed")
_LOOKS = ("c1", "c2", "c3", "c4", "c5")


@dataclass
class Figures:
    """Numbers of messages; `anyone` opened, people or machines, None where tracking has not told by the hour."""

    processed: int = 0
    sent: int = 0
    opened: int = 0
    clicked: int = 0
    unsubscribed: int = 0
    anyone: int | None = None
    channels: dict[str, int] = field(default_factory=dict)

    def add(self, other: Figures) -> None:
        for name in ("processed", "sent", "opened", "clicked", "unsubscribed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if other.anyone is not None:
            self.anyone = (self.anyone or 0) + other.anyone
        for channel, number in other.channels.items():
            self.channels[channel] = self.channels.get(channel, 0) + number

    def share(self, name: str, of: str = "sent") -> float | None:
        part, whole = getattr(self, name), getattr(self, of)
        return part / whole if whole and part is not None else None


@dataclass(frozen=True)
class Tile:
    """`delta` is what is written; `meaning`: good, bad, or "" for neither; `icon` the direction."""

    label: Any
    figure: str
    delta: str
    meaning: str
    icon: str
    note: str
    spark: SafeString


def indicators_card(view: Viewpoint) -> Context | None:
    if not view.may("deliveries.view_delivery"):
        return None
    days = [view.today - timedelta(days=DAYS - 1 - place) for place in range(DAYS)]
    by_day = figures_by_day(view, days[0] - timedelta(days=DAYS), days[-1])
    if not by_day:
        return None
    shown = [by_day.get(day, Figures()) for day in days]
    now, before = Figures(), Figures()
    for day, figures in by_day.items():
        (now if day >= days[0] else before).add(figures)
    return {
        "from": days[0],
        "until": days[-1],
        "tiles": _tiles(now, before, shown),
        "messages": _messages_chart(days, shown, now),
        "channels": [(_look(channel), label) for channel, label in _channels(now)],
        "opens": _opens_chart(days, shown, now) if now.sent else "",
    }


def figures_by_day(view: Viewpoint, first: date, last: date) -> dict[date, Figures]:
    """Two statements, whatever the number of deliveries: their counters, and the opens that tracking counted."""
    start, end = view.midnight(first), view.midnight(last + timedelta(days=1))
    found: dict[date, Figures] = {}
    rows = view.deliveries().filter(started_at__gte=start, started_at__lt=end).order_by()
    days = rows.annotate(day=TruncDate("started_at", tzinfo=view.zone)).values("day", "channel")
    for row in days.annotate(**{f"total_{name}": Sum(name) for name in _SUMMED}):
        found.setdefault(row["day"], Figures()).add(_figures(row))
    for day, number in _anyone(view, start, end):
        found.setdefault(day, Figures()).anyone = number
    return found


def _figures(row: Any) -> Figures:
    total = {name: row[f"total_{name}"] or 0 for name in _SUMMED}
    waiting = total["ignored"] + total["pending"] + total["prepared"] + total["in_doubt"]
    sent = sum(total[name] for name in SUCCESS)
    return Figures(
        processed=total["targeted"] - waiting,
        sent=sent,
        opened=total["opened"],
        clicked=total["clicked"],
        unsubscribed=total["unsubscribed"],
        channels={row["channel"]: sent},
    )


def _anyone(view: Viewpoint, start: Any, end: Any) -> Any:
    rows = DeliveryHour.objects.filter(delivery__started_at__gte=start, delivery__started_at__lt=end)
    rows = rows.exclude(delivery__kind=DeliveryKind.PROOF)
    if view.program is not None:
        rows = rows.filter(delivery__operation__program=view.program)
    days = rows.annotate(day=TruncDate("delivery__started_at", tzinfo=view.zone)).order_by().values_list("day")
    return days.annotate(total=Sum("people"))


def _tiles(now: Figures, before: Figures, days: Sequence[Figures]) -> list[Tile]:
    raw = now.share("anyone")
    change = (now.sent - before.sent) / before.sent if before.sent else None
    messages = Tile(
        label=_("Messages sent"),
        figure=count(now.sent),
        note=_("vs previous 30 days") if change is not None else "",
        spark=sparkline([day.sent for day in days], width=200, height=30),
        **_delta(change, _("%(change)s %%"), better=1),
    )
    return [
        messages,
        _share_tile(_("Delivered"), now, before, days, "sent", of="processed"),
        _share_tile(
            _("Human opens"),
            now,
            before,
            days,
            "opened",
            note=_("raw %(share)s") % {"share": percent(raw)} if raw is not None else "",
        ),
        _share_tile(_("Clicks"), now, before, days, "clicked"),
        _share_tile(_("Unsubscribed"), now, before, days, "unsubscribed", decimals=2, better=-1),
    ]


def _share_tile(
    label: Any,
    now: Figures,
    before: Figures,
    days: Sequence[Figures],
    name: str,
    *,
    of: str = "sent",
    note: str = "",
    decimals: int = 1,
    better: int = 1,
) -> Tile:
    share, earlier = now.share(name, of), before.share(name, of)
    change = None if share is None or earlier is None else share - earlier
    return Tile(
        label=label,
        figure=percent(share, decimals),
        note=note,
        spark=sparkline([day.share(name, of) for day in days], width=200, height=30),
        **_delta(change, _("%(change)s pt"), better=better),
    )


def _delta(change: float | None, wording: str, *, better: int) -> dict[str, str]:
    """A change as a share: in what words, in which direction, and whether it is good."""
    if change is None:
        return {"delta": "", "meaning": "", "icon": ""}
    points = round(change * 100, 1)
    if not points:
        return {"delta": _("stable"), "meaning": "", "icon": "minus"}
    figure = number_format(abs(points), 1, use_l10n=True, force_grouping=True)
    return {
        "delta": wording % {"change": f"{'+' if points > 0 else '−'}{figure}"},
        "meaning": "good" if points * better > 0 else "bad",
        "icon": "arrow-up-right" if points > 0 else "arrow-down-right",
    }


def _channels(now: Figures) -> list[tuple[str, Any]]:
    """Those through which something left, in their own order."""
    return [(channel.value, channel.label) for channel in Channel if now.channels.get(channel.value)]


def _look(channel: str) -> str:
    return _LOOKS[Channel.values.index(channel) % len(_LOOKS)]


def _labels(days: Sequence[date]) -> list[str]:
    """One a week, today the last."""
    return [short_day(day) if (DAYS - 1 - place) % 7 == 0 else "" for place, day in enumerate(days)]


def _messages_chart(days: Sequence[date], shown: Sequence[Figures], now: Figures) -> SafeString:
    parts = [
        Line(label, [day.channels.get(channel, 0) for day in shown], look=_look(channel))
        for channel, label in _channels(now)
    ]
    sentence = _("Messages sent per day by channel: %(number)s in 30 days, at most %(most)s a day.") % {
        "number": count(now.sent),
        "most": count(max(day.sent for day in shown)),
    }
    return stacked_chart(sentence=sentence, labels=_labels(days), parts=parts, width=620, shown=_axis)


def _axis(value: float) -> str:
    if value < 10_000:
        return count(value)
    return _("%(number)s k") % {"number": count(value / 1000)}


def _opens_chart(days: Sequence[date], shown: Sequence[Figures], now: Figures) -> SafeString:
    raw, human, clicks = now.share("anyone"), now.share("opened"), now.share("clicked")
    lines = [
        Line(_("Human opens"), _percents(shown, "opened"), band=[_band(day) for day in shown], end=percent(human)),
        Line(_("Clicks"), _percents(shown, "clicked"), look="c3", end=percent(clicks)),
    ]
    if raw is not None:
        lines.insert(0, Line(_("Raw opens"), _percents(shown, "anyone"), look="raw", dashed=True, end=percent(raw)))
    sentence = _("Opens and clicks per day: %(human)s opened by people, %(raw)s by anyone, %(clicks)s clicked.") % {
        "human": percent(human),
        "raw": percent(raw) if raw is not None else NOT_KNOWN,
        "clicks": percent(clicks),
    }
    shown_as: Callable[[float], str] = lambda value: number_format(value, 0, use_l10n=True)  # noqa: E731
    return line_chart(sentence=sentence, labels=_labels(days), lines=lines, width=440, shown=shown_as)


def _percents(shown: Sequence[Figures], name: str) -> list[float | None]:
    return [None if share is None else share * 100 for share in (day.share(name) for day in shown)]


def _band(day: Figures) -> tuple[float, float] | None:
    """Where the share of people lies 19 times in 20, in percent."""
    share = day.share("opened")
    if share is None:
        return None
    share = min(share, 1)
    reach = _SURENESS * sqrt(share * (1 - share) / day.sent)
    return max(share - reach, 0) * 100, min(share + reach, 1) * 100
