"""The strip of a day: a lane for what would cover something else, and the whole day where it takes that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from campaign_site.home.strip import NARROWEST, Pill, draw_strip, lanes_of, scale_of
from common.badges import Badge

PARIS = ZoneInfo("Europe/Paris")
MIDNIGHT = datetime(2025, 10, 6, tzinfo=PARIS)
DAY = timedelta(days=1)
DONE = Badge("ok", "check", "Finished")


def pill(hour: float, label: str = "Birthday", **values: object) -> Pill:
    at = MIDNIGHT + timedelta(hours=hour)
    return Pill(at=at.astimezone(UTC), label=label, detail="", url="/x/", look=DONE, **values)  # type: ignore[arg-type]


def drawn(*pills: Pill, now: float = 9) -> str:
    end = MIDNIGHT + DAY
    return str(draw_strip(pills, start=MIDNIGHT, end=end, now=MIDNIGHT + timedelta(hours=now), zone=PARIS))


def test_it_shows_the_working_day_and_widens_for_what_lies_outside() -> None:
    assert ">06:00<" in drawn(pill(9)) and ">22:00<" in drawn(pill(9))
    assert ">00:00<" in drawn(pill(9), pill(3)) and ">21:00<" in drawn(pill(9), pill(3))


def test_pills_of_one_lane_never_cover_each_other() -> None:
    pills = [pill(6 + place / 4) for place in range(40)]
    lanes, beyond = lanes_of(pills, scale_of(pills, MIDNIGHT, MIDNIGHT + DAY, PARIS))

    assert sum(len(lane) for lane in lanes) + len(beyond) == 40
    for lane in lanes:
        edges = [(place * NARROWEST, place * NARROWEST + one.width) for one, place in lane]
        assert all(first[1] < second[0] for first, second in pairwise(edges))
        assert edges[-1][1] <= NARROWEST + 1e-6


def test_beyond_four_lanes_it_says_how_many_more() -> None:
    html = drawn(*[pill(9, f"Birthday {place}") for place in range(7)])

    assert 'class="chart day lanes-4"' in html
    assert ">+3<" in html
    assert html.count('<a class="ev') == 4


def test_now_is_a_line_of_today_only() -> None:
    assert 'class="now"' in drawn(pill(9), now=9.2)
    assert 'class="now"' not in drawn(pill(9), now=24 + 9)


def test_the_hour_that_the_label_of_now_would_cover_is_not_written() -> None:
    assert ">16:00<" not in drawn(pill(9), now=15.9) and ">15:54<" in drawn(pill(9), now=15.9)
    assert ">16:00<" in drawn(pill(9), now=15)


def test_the_line_at_the_foot_is_as_long_as_it_really_took() -> None:
    until = MIDNIGHT + timedelta(hours=11)

    assert '<rect class="ext" x="12.50%"' in drawn(pill(8, until=until))
    assert 'width="18.75%"' in drawn(pill(8, until=until))


def test_a_planned_one_is_dashed_and_a_label_is_escaped() -> None:
    html = drawn(pill(15, "<b>Fair</b>", is_planned=True))

    assert 'class="ev t-ok next"' in html
    assert "<b>" not in html


def test_a_day_without_anything_has_no_strip() -> None:
    assert drawn() == "None"


def test_the_day_of_the_change_of_hour_has_its_hours() -> None:
    midnight = datetime(2025, 10, 26, tzinfo=PARIS)
    late = Pill(at=midnight + timedelta(hours=23, minutes=30), label="Late", detail="", url="/x/", look=DONE)
    html = draw_strip([late], start=midnight, end=datetime(2025, 10, 27, tzinfo=PARIS), now=midnight, zone=PARIS)

    assert ">00:00<" in str(html)
