"""Charts: safe markup from data, the same figures drawn and told, nothing that the content policy refuses."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

from django.utils import translation

from common.charts import Line, Part, bar_chart, line_chart, progress_bar, share_bar, sparkline
from common.figures import count, percent, share_of


def parse(markup: str) -> ElementTree.Element:
    return ElementTree.fromstring(f"<div>{markup}</div>")


def numbers(drawing: ElementTree.Element, attribute: str) -> list[float]:
    return [float(element.attrib[attribute].rstrip("%")) for element in drawing.iter() if attribute in element.attrib]


LINES = [
    Line("Opens", [0, 10, 20, None], area=True, end="20", band=[None, (5, 15), (12, 28), None]),
    Line("Expected", [None, None, 20, 40], look="rest", dashed=True),
]


def test_a_line_chart_is_drawn_wide_and_anew_for_a_telephone() -> None:
    page = parse(line_chart(sentence="Opens grow.", labels=["a", "b", "c", "d"], lines=LINES))

    drawings = page.findall(".//svg")
    assert [drawing.attrib["viewBox"] for drawing in drawings] == ["0 0 640 150", "0 0 326 150"]
    assert {drawing.attrib["aria-label"] for drawing in drawings} == {"Opens grow."}


def test_nothing_is_styled_inline_and_nothing_runs() -> None:
    markup = line_chart(sentence="<script>", labels=["<b>", "b"], lines=[Line("<i>", [1, 2], end="<u>")])
    markup += bar_chart(sentence="x", labels=["<b>"], values=[1]) + progress_bar([Part("<", 1, "ok")], total=2)

    assert "style=" not in markup
    assert not re.search(r"<(script|b|i|u)>", markup)


def test_a_chart_carries_its_data_as_a_table_and_says_what_is_not_known() -> None:
    page = parse(line_chart(sentence="Opens", labels=["a", "b", "c", "d"], lines=LINES))

    rows = [["".join(cell.itertext()) for cell in row] for row in page.findall(".//tbody/tr")]
    assert rows == [["a", "0", "–"], ["b", "10", "–"], ["c", "20", "20"], ["d", "–", "40"]]


def test_the_axis_begins_at_zero_and_ends_at_a_round_figure_above_the_data() -> None:
    page = parse(bar_chart(sentence="x", labels=["a", "b"], values=[236, 12]))

    told = [text.text for text in page.findall(".//svg")[0].findall("text")]
    assert told[:5] == ["0", "60", "120", "180", "240"]


def test_labels_at_the_end_of_lines_keep_their_distance() -> None:
    lines = [Line(name, [0, value], end=str(value)) for name, value in (("a", 197), ("b", 196), ("c", 1))]
    page = parse(line_chart(sentence="x", labels=["a", "b"], lines=lines))

    ys = sorted(float(text.attrib["y"]) for text in page.findall(".//svg")[0].findall("text[@class='lbl']"))
    assert min(later - earlier for earlier, later in pairwise(ys)) >= 13


def test_everything_is_drawn_inside_the_frame_even_with_one_point_or_none() -> None:
    for values in ([], [5], [0, 0], [3, 999_999_999]):
        page = parse(line_chart(sentence="x", labels=["l"] * len(values), lines=[Line("a", values, area=True)]))
        for drawing in page.findall(".//svg"):
            width, height = (float(text) for text in drawing.attrib["viewBox"].split()[2:])
            assert all(0 <= x <= width for x in numbers(drawing, "x1") + numbers(drawing, "x2"))
            assert all(0 <= y <= height for y in numbers(drawing, "y1") + numbers(drawing, "y2"))


def test_a_part_that_is_not_nothing_can_be_seen_and_the_parts_fill_no_more_than_the_bar() -> None:
    parts = [Part("sent", 999_998, "ok"), Part("failed", 1, "bad"), Part("doubt", 0, "doubt"), Part("rest", 1, "rest")]
    bar = parse(progress_bar(parts, total=1_000_000, sentence="99% sent"))

    widths = numbers(bar[0], "width")[1:]
    assert [rect.attrib["class"] for rect in bar.iter("rect")] == ["f-ok", "f-bad", "f-rest"]
    assert min(widths) > 0
    assert sum(widths) <= 100.01


def test_a_bar_of_nothing_is_empty() -> None:
    assert "<rect" not in progress_bar([Part("sent", 0, "ok")], total=0)
    assert 'width="0.00%"' in share_bar(0, most=0)


def test_a_sparkline_needs_two_known_points() -> None:
    assert sparkline([1, None]) == ""
    assert parse(sparkline([1, None, 3], sentence="grows"))[0].attrib["aria-label"] == "grows"


def test_figures_are_grouped_and_shares_never_round_something_to_nothing() -> None:
    assert (count(3412), count(None)) == ("3,412", "–")
    assert (share_of(1, 3412), share_of(0, 3412), share_of(1, 0)) == ("<0.1%", "0.0%", "–")
    assert (percent(0.99999), percent(1.0)) == ("99.9%", "100.0%")
    with translation.override("fr"):
        assert count(3412) in ("3\N{NO-BREAK SPACE}412", "3\N{NARROW NO-BREAK SPACE}412")


def test_two_bars_of_one_day_have_one_label_on_the_axis_and_a_row_each_in_the_table() -> None:
    html = str(bar_chart(sentence="Sent", labels=["20 Nov", "21 Nov", "21 Nov"], values=[1, 2, 3]))

    drawings, table = html.split("<table", 1)
    drawing = drawings.split("</svg>")[0]
    assert drawing.count(">21 Nov<") == 1
    assert table.count("21 Nov") == 2
