"""The strip of a day as SVG: a pill where each thing begins, lanes so that none covers another, a red line for now.

Across, positions are percentages, so that letters keep their size; lanes are found for the narrowest strip there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.templatetags.static import static
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common.badges import Badge

# The strip is not shown narrower than this; see home.css.
NARROWEST = 930
FIRST_HOUR, LAST_HOUR = 6, 22
MOST_LANES = 4
_TOP, _LANE, _PILL = 34, 36, 27
_CHARACTER, _THIN_CHARACTER, _ROOM = 6.4, 6.1, 40
_LONGEST_LABEL = 24
_GAP = 6
_MORE = 44
# Half of the label of now, half of an hour's, and room between them.
_NEAR = 44


@dataclass(frozen=True)
class Pill:
    """`look` is the badge of its state; `until` the end of what really happened."""

    at: datetime
    label: str
    detail: str
    url: str
    look: Badge
    is_planned: bool = False
    until: datetime | None = None

    @property
    def short(self) -> str:
        return self.label if len(self.label) <= _LONGEST_LABEL else f"{self.label[: _LONGEST_LABEL - 1].rstrip()}…"

    @property
    def width(self) -> float:
        gap = 1 if self.detail else 0
        return _ROOM + len(self.short) * _CHARACTER + (len(self.detail) + gap) * _THIN_CHARACTER


@dataclass(frozen=True)
class Scale:
    """The hours that are shown of the day that begins at `start`."""

    first: datetime
    last: datetime
    zone: ZoneInfo

    def share(self, at: datetime) -> float:
        """From 0 to 1, bounded."""
        return min(max((at - self.first) / (self.last - self.first), 0), 1)


def draw_strip(
    pills: Sequence[Pill], *, start: datetime, end: datetime, now: datetime, zone: ZoneInfo
) -> SafeString | None:
    """None for a day on which nothing is."""
    if not pills:
        return None
    scale = scale_of(pills, start, end, zone)
    lanes, beyond = lanes_of(pills, scale)
    number = max(len(lanes), 1)
    shapes = [
        _hours(scale, number, now),
        *(_drawn(pill, place, lane, scale) for pill, place, lane in lanes_places(lanes)),
    ]
    if beyond:
        shapes.append(_more(beyond, scale))
    if scale.first <= now < scale.last:
        shapes.append(_now(now, scale, number))
    inner = format_html_join("", "{}", ((shape,) for shape in shapes))
    return format_html(
        '<svg class="chart day lanes-{}" role="group" aria-label="{}" width="100%">{}</svg>',
        number,
        _("The day, from %(first)s to %(last)s")
        % {"first": _clock(scale.first, zone), "last": _clock(scale.last, zone)},
        inner,
    )


def scale_of(pills: Sequence[Pill], start: datetime, end: datetime, zone: ZoneInfo) -> Scale:
    """06 to 22 h, the whole day where something lies outside."""
    day = start.astimezone(zone)
    first = day.replace(hour=FIRST_HOUR)
    last = day.replace(hour=LAST_HOUR)
    if all(first <= pill.at < last for pill in pills):
        return Scale(first, last, zone)
    return Scale(start, end, zone)


Lane = list[tuple[Pill, float]]


def lanes_of(pills: Sequence[Pill], scale: Scale) -> tuple[list[Lane], list[Pill]]:
    """Each lane's pills with their place (0 to 1), and those for which there is no lane left."""
    lanes: list[Lane] = []
    ends: list[float] = []
    beyond: list[Pill] = []
    for pill in sorted(pills, key=lambda pill: pill.at):
        x = min(scale.share(pill.at) * NARROWEST, NARROWEST - pill.width)
        free = next((number for number, taken in enumerate(ends) if taken + _GAP <= x), len(ends))
        if free == MOST_LANES:
            beyond.append(pill)
            continue
        if free == len(ends):
            ends.append(0)
            lanes.append([])
        ends[free] = x + pill.width
        lanes[free].append((pill, x / NARROWEST))
    return lanes, beyond


def lanes_places(lanes: Sequence[Lane]) -> list[tuple[Pill, float, int]]:
    """In the order of time, which is the order of the keyboard too."""
    placed = [(pill, place, number) for number, lane in enumerate(lanes) for pill, place in lane]
    return sorted(placed, key=lambda entry: entry[0].at)


def _drawn(pill: Pill, place: float, lane: int, scale: Scale) -> SafeString:
    x, y = f"{place * 100:.2f}%", _TOP + lane * _LANE
    said = ", ".join(str(part) for part in (_clock(pill.at, scale.zone), pill.label, pill.look.label) if part)
    return format_html(
        '<a class="ev t-{}{}" href="{}" aria-label="{}"><title>{}</title>'
        '<rect x="{}" y="{}" width="{}" height="{}" rx="6"></rect>{}'
        '<svg x="{}" y="{}" width="{}" height="{}"><svg class="i s" x="8" y="6.5" width="14" height="14">'
        '<use href="{}#{}"></use></svg><text x="28" y="18">{}{}</text></svg></a>',
        pill.look.tone,
        " next" if pill.is_planned else "",
        pill.url,
        said,
        said,
        x,
        y,
        round(pill.width),
        _PILL,
        _length(pill, y, scale),
        x,
        y,
        round(pill.width),
        _PILL,
        static("campaign_site/icons.svg"),
        pill.look.icon,
        pill.short,
        format_html(' <tspan class="mm">{}</tspan>', pill.detail) if pill.detail else "",
    )


def _length(pill: Pill, y: int, scale: Scale) -> SafeString:
    if pill.until is None or pill.until - pill.at < timedelta(minutes=1):
        return SafeString("")
    begin, wide = scale.share(pill.at), scale.share(pill.until) - scale.share(pill.at)
    return format_html(
        '<rect class="ext" x="{}%" y="{}" width="{}%" height="3" rx="1.5"></rect>',
        f"{begin * 100:.2f}",
        y + _PILL - 1,
        f"{wide * 100:.2f}",
    )


def _hours(scale: Scale, lanes: int, now: datetime) -> SafeString:
    """A line every two hours of the clock, three where the whole day is shown; no label where now has its own."""
    hours = round((scale.last - scale.first) / timedelta(hours=1))
    step = 2 if hours <= LAST_HOUR - FIRST_HOUR else 3
    bottom = _bottom(lanes)
    marks = [scale.first + timedelta(hours=hour) for hour in range(0, hours + 1, step)]
    rows = []
    for place, mark in enumerate(marks):
        anchor = "start" if place == 0 else "end" if mark >= scale.last else "middle"
        x = f"{scale.share(mark) * 100:.2f}%"
        rows.append((x, x, bottom, x, anchor, "" if _is_near(mark, now, scale) else _clock(mark, scale.zone)))
    return format_html_join(
        "",
        '<line class="gl" x1="{}" x2="{}" y1="24" y2="{}"></line><text x="{}" y="14" text-anchor="{}">{}</text>',
        rows,
    )


def _is_near(mark: datetime, now: datetime, scale: Scale) -> bool:
    if not scale.first <= now < scale.last:
        return False
    return abs(scale.share(mark) - scale.share(now)) * NARROWEST < _NEAR


def _more(beyond: Sequence[Pill], scale: Scale) -> SafeString:
    """What found no lane, counted at the place of the first of them."""
    x = min(scale.share(beyond[0].at) * NARROWEST, NARROWEST - _MORE) / NARROWEST
    names = ", ".join(f"{_clock(pill.at, scale.zone)} {pill.label}" for pill in beyond)
    return format_html(
        '<g class="ev more"><title>{}</title><rect x="{x}" y="{y}" width="{w}" height="20" rx="6"></rect>'
        '<svg x="{x}" y="{y}" width="{w}" height="20">'
        '<text x="22" y="14" text-anchor="middle">+{number}</text></svg></g>',
        names,
        x=f"{x * 100:.2f}%",
        y=_TOP + MOST_LANES * _LANE,
        w=_MORE,
        number=len(beyond),
    )


def _now(now: datetime, scale: Scale, lanes: int) -> SafeString:
    x = f"{scale.share(now) * 100:.2f}%"
    return format_html(
        '<g class="mark"><line class="now" x1="{x}" x2="{x}" y1="20" y2="{y}"></line>'
        '<svg x="{x}" y="0" overflow="visible"><rect class="nowbg" x="-20" y="1" width="40" height="18" rx="4"></rect>'
        '<text class="nowt" x="0" y="14" text-anchor="middle">{time}</text></svg></g>',
        x=x,
        y=_bottom(lanes),
        time=_clock(now, scale.zone),
    )


def _bottom(lanes: int) -> int:
    return _TOP + lanes * _LANE


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return date_format(at.astimezone(zone), "H:i")
