"""Charts as static SVG: pure functions from data to safe markup, drawn twice (wide, and anew for a telephone).

Every chart says in one sentence what it shows (`aria-label`) and carries its data as a table. Colours are classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, log10
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from common.figures import NOT_KNOWN, count

NARROW = 326
HEIGHT = 150
_LEFT, _TOP, _BOTTOM = 40, 12, 22
# About as wide as one character of a label of 11 px.
_CHARACTER = 6.2
_INTERVALS = 4
_THINNEST = 0.35
_TICK_GAP = 54
_LABEL_GAP = 13
Format = Callable[[float], str]
Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """One line: `values` as long as the labels, None where nothing is known. `look`: c1…c5, raw or rest.

    `band`: the interval of each value, (low, high). `dashed` is for forecasts and raw figures.
    """

    label: Any
    values: Sequence[float | None]
    look: str = "c1"
    area: bool = False
    dashed: bool = False
    band: Sequence[tuple[float, float] | None] = ()
    # Written at its last point.
    end: str = ""


@dataclass(frozen=True)
class Part:
    """A part of a progress bar; `look`: ok, bad, doubt, rest, run, warn, mute, wait."""

    label: Any
    value: int
    look: str


@dataclass(frozen=True)
class _Frame:
    """Where the data lies in the drawing."""

    width: float
    height: float
    left: float
    right: float
    top: float
    highest: float
    points: int

    def x(self, index: float) -> float:
        return self.left + (self.right - self.left) * (index / (self.points - 1) if self.points > 1 else 0.5)

    def y(self, value: float) -> float:
        return self.base - (self.base - _TOP) * (value / self.top if self.top else 0)

    @property
    def base(self) -> float:
        return self.height - _BOTTOM


def line_chart(
    *, sentence: Any, labels: Sequence[Any], lines: Sequence[Line], width: int = 640, shown: Format = count
) -> SafeString:
    """Lines over a common axis of labels (empty ones are not written); its axis begins at zero."""
    drawn = _both(width, lambda size: _draw_lines(size, sentence, labels, lines, shown))
    heads = [line.label for line in lines]
    rows = [(label, *(line.values[place] for line in lines)) for place, label in enumerate(labels)]
    return _figure(drawn, _table(sentence, heads, rows, shown))


def bar_chart(
    *,
    sentence: Any,
    labels: Sequence[Any],
    values: Sequence[float],
    look: str = "c1",
    looks: Sequence[str] = (),
    width: int = 640,
    shown: Format = count,
    head: Any = "",
    behind: Sequence[float] = (),
    lines: Sequence[Line] = (),
) -> SafeString:
    """One bar per label; `looks` gives each its own class ("rest" for a forecast).

    `behind`: what each bar could have been, grey; `lines` go from bar to bar on the same axis.
    """
    classes = list(looks) or [look] * len(values)
    bars = list(zip(values, behind or [0] * len(values), classes, strict=True))
    # Two bars of one day: the axis names it once.
    named = [label if not place or label != labels[place - 1] else "" for place, label in enumerate(labels)]
    drawn = _both(width, lambda size: _draw_bars(size, sentence, named, bars, lines, shown))
    heads = [head or _("Number"), *(line.label for line in lines)]
    rows = [(label, values[place], *(line.values[place] for line in lines)) for place, label in enumerate(labels)]
    return _figure(drawn, _table(sentence, heads, rows, shown))


def stacked_chart(
    *,
    sentence: Any,
    labels: Sequence[Any],
    parts: Sequence[Line],
    width: int = 640,
    shown: Format = count,
) -> SafeString:
    """One bar per label, of several parts: the values of each `Line`, in its look, the first one at the bottom."""
    drawn = _both(width, lambda size: _draw_stacks(size, sentence, labels, parts, shown))
    rows = [(label, *(part.values[place] for part in parts)) for place, label in enumerate(labels)]
    return _figure(drawn, _table(sentence, [part.label for part in parts], rows, shown))


def sparkline(values: Sequence[float | None], *, sentence: Any = "", width: int = 72, height: int = 22) -> SafeString:
    """A line without axes; decorative where it has no sentence."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return SafeString("")
    low, high = min(known), max(known)
    step = width / (len(known) - 1)
    reach = (high - low) or 1
    points = [(place * step, 2 + (height - 4) * (1 - (value - low) / reach)) for place, value in enumerate(known)]
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" preserveAspectRatio="none" {}><path class="ln s1" d="{}" '
        'vector-effect="non-scaling-stroke"></path></svg>',
        width,
        height,
        _said(sentence),
        _path(points),
    )


def progress_bar(parts: Sequence[Part], *, total: int, sentence: Any = "", size: str = "") -> SafeString:
    """Parts of a total side by side; one that is not nothing is at least 0.35 % wide. `size`: l or t."""
    rects, x = [], 0.0
    for part, wide in zip(parts, _widths([part.value for part in parts], total), strict=True):
        if wide:
            rects.append((part.look, f"{x:.2f}", f"{wide:.2f}"))
        x += wide
    inner = format_html_join("", '<rect class="f-{}" x="{}%" width="{}%" height="100%"></rect>', rects)
    return format_html('<svg class="{}" width="100%" {}>{}</svg>', f"pbar {size}".strip(), _said(sentence), inner)


def _widths(values: Sequence[int], total: int) -> list[float]:
    """Percentages; what the thin ones get too much, the widest gives."""
    widths = [max(100 * value / total, _THINNEST) if value and total else 0.0 for value in values]
    too_much = sum(widths) - 100
    if too_much > 0:
        widest = widths.index(max(widths))
        widths[widest] = max(widths[widest] - too_much, _THINNEST)
    return widths


def share_bar(value: float, *, most: float, look: str = "c1") -> SafeString:
    """One decorative bar of a list; the figure stands beside it."""
    wide = 100 * value / most if most else 0
    return format_html(
        '<svg class="pbar t" width="100%" aria-hidden="true"><rect class="{}" width="{}%" height="100%"></rect></svg>',
        look,
        f"{max(wide, _THINNEST) if value else 0:.2f}",
    )


def _said(sentence: Any) -> SafeString:
    return format_html('role="img" aria-label="{}"', sentence) if sentence else SafeString('aria-hidden="true"')


def _both(width: int, draw: Callable[[int], SafeString]) -> SafeString:
    return format_html('<div class="only-d">{}</div><div class="only-m">{}</div>', draw(width), draw(NARROW))


def _figure(drawn: SafeString, table: SafeString) -> SafeString:
    return format_html(
        '<figure class="figure">{}<details class="figure-table"><summary>{}</summary>{}</details></figure>',
        drawn,
        _("Show as a table"),
        table,
    )


def _table(caption: Any, heads: Sequence[Any], rows: Sequence[Sequence[Any]], shown: Format) -> SafeString:
    head = format_html_join("", '<th scope="col" class="num">{}</th>', ((text,) for text in heads))
    body = format_html_join(
        "",
        '<tr><th scope="row">{}</th>{}</tr>',
        (
            (label, format_html_join("", '<td class="num">{}</td>', ((_cell(value, shown),) for value in values)))
            for label, *values in rows
        ),
    )
    return format_html(
        '<div class="tw"><table class="tb dense"><caption class="visually-hidden">{}</caption><thead><tr><td></td>{}'
        "</tr></thead><tbody>{}</tbody></table></div>",
        caption,
        head,
        body,
    )


def _cell(value: float | None, shown: Format) -> str:
    return NOT_KNOWN if value is None else shown(value)


def _frame(width: int, points: int, highest: float, room: float) -> _Frame:
    top = _nice_top(highest)
    return _Frame(width, HEIGHT, _LEFT, width - max(room, 6), top, highest, points)


def _nice_top(highest: float) -> float:
    """The end of the axis: the next multiple that splits into round intervals."""
    if highest <= 0:
        return float(_INTERVALS)
    step = highest / _INTERVALS
    power = 10 ** floor(log10(step))
    nice = next(factor for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if factor * power >= step - 1e-9) * power
    # Counts have no halves.
    return float(max(ceil(nice), 1) if nice < 10 else nice) * _INTERVALS


def _axis(frame: _Frame, shown: Format) -> SafeString:
    rows = []
    for number in range(_INTERVALS + 1):
        value = frame.top * number / _INTERVALS
        y = f"{frame.y(value):.1f}"
        rows.append(("gl ax" if number == 0 else "gl", frame.left, frame.width, y, y, frame.left - 6, y, shown(value)))
    return format_html_join(
        "",
        '<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"></line>'
        '<text x="{}" y="{}" dy="4" text-anchor="end">{}</text>',
        rows,
    )


def _ticks(frame: _Frame, labels: Sequence[Any], xs: Sequence[float]) -> SafeString:
    """Labels below the axis, as many as there is room for; the first and the last stay."""
    named = [(place, str(label)) for place, label in enumerate(labels) if str(label)]
    chosen: list[tuple[int, str]] = []
    for place, text in named:
        is_last = place == named[-1][0]
        while is_last and len(chosen) > 1 and xs[place] - xs[chosen[-1][0]] < _TICK_GAP:
            chosen.pop()
        if not chosen or is_last or xs[place] - xs[chosen[-1][0]] >= _TICK_GAP:
            chosen.append((place, text))
    rows = [(f"{xs[place]:.1f}", frame.height - 5, _anchor(place, len(xs)), text) for place, text in chosen]
    return format_html_join("", '<text x="{}" y="{}" text-anchor="{}">{}</text>', rows)


def _anchor(place: int, points: int) -> str:
    if place == 0:
        return "start"
    return "end" if place == points - 1 else "middle"


def _svg(frame: _Frame, sentence: Any, parts: Sequence[SafeString]) -> SafeString:
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" {}>{}</svg>',
        frame.width,
        frame.height,
        _said(sentence),
        _together(parts),
    )


def _draw_lines(width: int, sentence: Any, labels: Sequence[Any], lines: Sequence[Line], shown: Format) -> SafeString:
    known = [value for line in lines for value in line.values if value is not None]
    known += [pair[1] for line in lines for pair in line.band if pair is not None]
    frame = _frame(width, len(labels), max(known, default=0), _room(lines))
    xs = [frame.x(place) for place in range(len(labels))]
    drawn = [_axis(frame, shown), _ticks(frame, labels, xs)]
    drawn += [_band(frame, line) for line in lines]
    drawn += [_line(frame, line) for line in lines]
    drawn += _ends(frame, lines)
    return _svg(frame, sentence, drawn)


def _room(lines: Sequence[Line]) -> float:
    """What the figures at the ends of the lines need, right of the data."""
    at_end = [line.end for line in lines if line.end and line.values and line.values[-1] is not None]
    return max((len(text) for text in at_end), default=0) * _CHARACTER + (10 if at_end else 0)


def _line(frame: _Frame, line: Line) -> SafeString:
    points = [(frame.x(place), frame.y(value)) for place, value in enumerate(line.values) if value is not None]
    if not points:
        return SafeString("")
    stroke = {"raw": "s5", "rest": "s5"}.get(line.look, f"s{line.look[-1]}")
    dashes = " dash" if line.dashed or line.look == "raw" else ""
    parts = []
    if line.area:
        bottom = f" L{points[-1][0]:.1f} {frame.base:.1f} L{points[0][0]:.1f} {frame.base:.1f}Z"
        parts.append(format_html('<path class="a{}" d="{}"></path>', line.look[-1], _path(points) + bottom))
    parts.append(format_html('<path class="ln {}" d="{}"></path>', stroke + dashes, _path(points)))
    return _together(parts)


def _ends(frame: _Frame, lines: Sequence[Line]) -> list[SafeString]:
    """The figures at the ends of the lines; those at the edge of the drawing keep their distance from each other."""
    named = []
    for line in lines:
        known = [(place, value) for place, value in enumerate(line.values) if value is not None]
        if line.end and known:
            named.append((line, (frame.x(known[-1][0]), frame.y(known[-1][1]))))
    drawn = [_above(frame, line, point) for line, point in named if point[0] < frame.right - 1]
    at_edge = sorted((point[1], point[0], line.end) for line, point in named if point[0] >= frame.right - 1)
    lowest, placed = frame.base - (len(at_edge) - 1) * _LABEL_GAP, -float(_LABEL_GAP)
    for place, (y, x, text) in enumerate(at_edge):
        placed = min(max(y, placed + _LABEL_GAP), lowest + place * _LABEL_GAP)
        at = (f"{x + 7:.1f}", f"{placed:.1f}")
        drawn.append(format_html('<text class="lbl" x="{}" y="{}" dy="4">{}</text>', *at, text))
    return drawn


def _above(frame: _Frame, line: Line, point: Point) -> SafeString:
    """The figure of a line that ends within the drawing: above its last point, which is marked."""
    x, y = point
    dot = format_html('<circle class="c1" cx="{}" cy="{}" r="3.5"></circle>', f"{x:.1f}", f"{y:.1f}")
    x = min(x + 7, frame.width - len(line.end) * _CHARACTER)
    label = format_html('<text class="lbl" x="{}" y="{}">{}</text>', f"{x:.1f}", f"{max(y - 9, 10):.1f}", line.end)
    return dot + label


def _band(frame: _Frame, line: Line) -> SafeString:
    known = [(place, pair) for place, pair in enumerate(line.band) if pair is not None]
    if len(known) < 2:
        return SafeString("")
    upper = [(frame.x(place), frame.y(pair[1])) for place, pair in known]
    lower = [(frame.x(place), frame.y(max(pair[0], 0))) for place, pair in reversed(known)]
    return format_html('<path class="a{} band" d="{}Z"></path>', line.look[-1], _path([*upper, *lower]))


def _draw_bars(
    width: int,
    sentence: Any,
    labels: Sequence[Any],
    bars: Sequence[tuple[float, float, str]],
    lines: Sequence[Line],
    shown: Format,
) -> SafeString:
    known = [value for line in lines for value in line.values if value is not None]
    highest = max([*known, *(max(value, behind) for value, behind, _look in bars)], default=0)
    frame = _frame(width, len(bars), highest, _room(lines) or 6)
    slot = (frame.right - frame.left) / max(len(bars), 1)
    wide = max(min(slot * 0.7, 26), 1)
    xs = [frame.left + slot * (place + 0.5) for place in range(len(bars))]
    rows = [
        (
            _fill(look),
            f"{x - wide / 2:.1f}",
            f"{frame.y(value):.1f}",
            f"{wide:.1f}",
            f"{frame.base - frame.y(value):.1f}",
        )
        for x, bar in zip(xs, bars, strict=True)
        for value, look in ((bar[1], "rest"), (bar[0], bar[2]))
        if value or look != "rest"
    ]
    drawn = format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="1.5"></rect>', rows)
    middles = replace(frame, left=xs[0], right=xs[-1]) if xs else frame
    over = [_line(middles, line) for line in lines] + _ends(middles, lines)
    return _svg(frame, sentence, [_axis(frame, shown), drawn, _ticks(frame, labels, xs), *over])


def _draw_stacks(width: int, sentence: Any, labels: Sequence[Any], parts: Sequence[Line], shown: Format) -> SafeString:
    piles = [[part.values[place] or 0 for part in parts] for place in range(len(labels))]
    frame = _frame(width, len(labels), max((sum(pile) for pile in piles), default=0), 6)
    slot = (frame.right - frame.left) / max(len(labels), 1)
    wide = max(min(slot * 0.7, 26), 1)
    xs = [frame.left + slot * (place + 0.5) for place in range(len(labels))]
    rows = []
    for x, pile in zip(xs, piles, strict=True):
        for place, (part, value) in enumerate(zip(parts, pile, strict=True)):
            top, bottom = frame.y(sum(pile[: place + 1])), frame.y(sum(pile[:place]))
            if value:
                figures = (x - wide / 2, top, wide, bottom - top)
                rows.append((_fill(part.look), *(f"{figure:.1f}" for figure in figures)))
    bars = format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="1"></rect>', rows)
    return _svg(frame, sentence, [_axis(frame, shown), bars, _ticks(frame, labels, xs)])


def _fill(look: str) -> str:
    return look if look.startswith("c") else f"f-{look}"


def _together(parts: Sequence[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def _path(points: Sequence[Point]) -> SafeString:
    text = " ".join(f"{'L' if place else 'M'}{x:.1f} {y:.1f}" for place, (x, y) in enumerate(points))
    return mark_safe(text)
