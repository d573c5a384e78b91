from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operations.occurrences import InvalidSchedule, instants, too_frequent, validate_schedule

PARIS = ZoneInfo("Europe/Paris")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
ST_JOHNS = ZoneInfo("America/St_Johns")
MOMENT = timedelta(microseconds=1)


def local_times(schedule: dict[str, Any], first: date, *, zone: ZoneInfo = PARIS, days: int = 1) -> list[str]:
    """The local times of the instants of `days` local days from `first` on."""
    start, end = (datetime(day.year, day.month, day.day, tzinfo=zone) for day in (first, first + timedelta(days=days)))
    found = instants(schedule, zone=zone, anchor=start, after=start - MOMENT, until=end - MOMENT)
    return [instant.astimezone(zone).strftime("%d %H:%M%z") for instant in found]


SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


@pytest.mark.parametrize(
    ("crontab", "day", "expected"),
    [
        ("0 6 * * *", SPRING, ["29 06:00+0200"]),
        ("30 2 * * *", SPRING, ["29 03:00+0200"]),
        ("0 2 * * *", SPRING, ["29 03:00+0200"]),
        ("0,30 2 * * *", SPRING, ["29 03:00+0200"]),
        ("30 2,3 * * *", SPRING, ["29 03:00+0200", "29 03:30+0200"]),
        ("30 2 * * 0", SPRING, ["29 03:00+0200"]),
        ("30 2 29 3 *", SPRING, ["29 03:00+0200"]),
        ("0 6 * * *", AUTUMN, ["25 06:00+0100"]),
        ("30 2 * * *", AUTUMN, ["25 02:30+0200"]),
        ("30 2,3 * * *", AUTUMN, ["25 02:30+0200", "25 03:30+0100"]),
        ("30 */2 * * *", AUTUMN, [f"25 {hour:02}:30+0{2 if hour < 2 else 1}00" for hour in range(0, 24, 2)]),
    ],
)
def test_the_paris_clock_changes(crontab: str, day: date, expected: list[str]) -> None:
    times = local_times({"crontab": crontab}, day)

    if "*/2" in crontab:
        expected.insert(1, "25 02:30+0200")
    assert times == expected


@pytest.mark.parametrize("minute", [0, 30, 59])
@pytest.mark.parametrize(("day", "count"), [(SPRING, 23), (date(2026, 3, 30), 24), (AUTUMN, 25)])
def test_an_hourly_schedule_follows_the_hours_of_the_day(minute: int, day: date, count: int) -> None:
    times = local_times({"crontab": f"{minute} * * * *"}, day)

    assert len(times) == len(set(times)) == count


def test_every_second_hour_moves_the_missing_one() -> None:
    assert local_times({"crontab": "30 */2 * * *"}, SPRING)[:3] == ["29 00:30+0100", "29 03:00+0200", "29 04:30+0200"]


def test_a_midnight_that_does_not_exist_moves_to_one_o_clock() -> None:
    times = local_times({"crontab": "0 0 * * *"}, date(2018, 11, 3), zone=SAO_PAULO, days=3)

    assert times == ["03 00:00-0300", "04 01:00-0200", "05 00:00-0200"]


def test_clocks_that_go_back_over_midnight_keep_the_order() -> None:
    found = list(
        instants(
            {"crontab": "0,30 * * * *"},
            zone=ST_JOHNS,
            anchor=datetime(2006, 10, 28, tzinfo=ST_JOHNS),
            after=datetime(2006, 10, 28, 12, tzinfo=ST_JOHNS),
            until=datetime(2006, 10, 29, 12, tzinfo=ST_JOHNS),
        )
    )

    assert len(found) == 50
    assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(minutes=30)}


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu"])
@pytest.mark.parametrize("crontab", ["30 2 * * *", "0 0 * * *", "15 23 * * *"])
@pytest.mark.parametrize("year", [2018, 2026])
def test_a_daily_schedule_comes_once_per_local_date(zone: str, crontab: str, year: int) -> None:
    place = ZoneInfo(zone)
    start, end = datetime(year, 1, 1, tzinfo=place), datetime(year + 1, 1, 1, tzinfo=place)

    found = instants({"crontab": crontab}, zone=place, anchor=start, after=start - MOMENT, until=end - MOMENT)

    dates = [instant.astimezone(place).date() for instant in found]
    assert dates == [date(year, 1, 1) + timedelta(days=day) for day in range(365)]


@pytest.mark.parametrize("schedule", [{"crontab": "0 6 * * 1"}, {"every": 1, "period": "weeks"}])
def test_a_weekly_schedule_comes_52_times_a_year_at_six_in_paris(schedule: dict[str, Any], now: datetime) -> None:
    end = datetime(2026, 10, 5, 6, tzinfo=PARIS)

    found = list(instants(schedule, zone=PARIS, anchor=now, after=now - MOMENT, until=end - MOMENT))

    assert len(found) == 52
    assert found[0] == now
    assert {instant.astimezone(PARIS).strftime("%A %H:%M") for instant in found} == {"Monday 06:00"}
    assert {instant.hour for instant in found} == {4, 5}


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ({"every": 1, "period": "days"}, ["28 02:30+0100", "29 03:00+0200", "30 02:30+0200"]),
        ({"every": 2, "period": "days"}, ["28 02:30+0100", "30 02:30+0200"]),
        ({"every": 24, "period": "hours"}, ["28 02:30+0100", "29 03:30+0200", "30 03:30+0200"]),
        ({"every": 2880, "period": "minutes"}, ["28 02:30+0100", "30 03:30+0200"]),
    ],
)
def test_days_keep_the_local_time_and_hours_are_real(schedule: dict[str, Any], expected: list[str]) -> None:
    anchor = datetime(2026, 3, 28, 2, 30, tzinfo=PARIS).astimezone(UTC)

    found = instants(schedule, zone=PARIS, anchor=anchor, after=anchor - MOMENT, until=anchor + timedelta(days=2))

    assert [instant.astimezone(PARIS).strftime("%d %H:%M%z") for instant in found] == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-12-24T06:00:00", "2026-12-24T05:00:00+00:00"),
        ("2026-03-29T02:30:00", "2026-03-29T01:00:00+00:00"),
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00"),
        ("2026-12-24T06:00:00+00:00", "2026-12-24T06:00:00+00:00"),
        ("2026-12-24", "2026-12-23T23:00:00+00:00"),
    ],
)
def test_a_date_is_local_unless_it_says_otherwise(at: str, expected: str, now: datetime) -> None:
    found = instants({"at": at}, zone=PARIS, anchor=now, after=now)

    assert [instant.isoformat() for instant in found] == [expected]


def test_a_date_before_the_anchor_never_comes(now: datetime) -> None:
    assert list(instants({"at": "2025-10-06T05:59:59"}, zone=PARIS, anchor=now, after=now - timedelta(days=9))) == []
    assert list(instants({"at": "2025-10-06T06:00:00"}, zone=PARIS, anchor=now, after=now - timedelta(days=9))) == [now]


def test_day_of_month_and_day_of_week_must_both_match(now: datetime) -> None:
    found = islice(instants({"crontab": "0 6 13 * 5"}, zone=PARIS, anchor=now, after=now), 3)

    assert [str(instant.date()) for instant in found] == ["2026-02-13", "2026-03-13", "2026-11-13"]


def test_sunday_is_0_and_7(now: datetime) -> None:
    found = [
        list(islice(instants({"crontab": f"0 6 * * {day}"}, zone=PARIS, anchor=now, after=now), 2))
        for day in ("0", "7")
    ]

    assert found[0] == found[1]
    assert [str(instant.date()) for instant in found[0]] == ["2025-10-12", "2025-10-19"]


def test_a_leap_day_that_is_a_monday_is_found_across_the_century(now: datetime) -> None:
    found = islice(instants({"crontab": "0 0 29 2 1"}, zone=PARIS, anchor=now, after=now), 4)

    assert [instant.astimezone(PARIS).year for instant in found] == [2044, 2072, 2112, 2140]


def test_any_gives_each_instant_once(now: datetime) -> None:
    twice = {"any": [{"crontab": "0 6 * * *"}, {"any": [{"crontab": "0 6,18 * * *"}, {"at": "2025-10-07T06:00:00"}]}]}

    found = islice(instants(twice, zone=PARIS, anchor=now, after=now), 3)

    assert [instant.astimezone(PARIS).strftime("%d %H") for instant in found] == ["06 18", "07 06", "07 18"]


def test_an_end_is_included_and_a_beginning_is_not(now: datetime) -> None:
    daily, day = {"crontab": "0 6 * * *"}, timedelta(days=1)

    assert list(instants(daily, zone=PARIS, anchor=now, after=now, until=now + day)) == [now + day]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("0 6 * * *", "A schedule is an object"),
        ({}, "exactly one of"),
        ({"crontab": "0 6 * * *", "at": "2026-01-01"}, "exactly one of"),
        ({"every": 1}, "exactly one of"),
        ({"cron": "0 6 * * *"}, "cron: unknown key"),
        ({"crontab": "0 6 * * *", "zone": "UTC"}, "zone: unknown key"),
        ({"crontab": "0 6 * *"}, "five fields"),
        ({"crontab": 5}, "five fields"),
        ({"crontab": "60 6 * * *"}, "60 is no minute"),
        ({"crontab": "0 24 * * *"}, "24 is no hour"),
        ({"crontab": "0 6 0 * *"}, "0 is no day of month"),
        ({"crontab": "0 6 * 13 *"}, "13 is no month"),
        ({"crontab": "0 6 * * 8"}, "8 is no day of week"),
        ({"crontab": "0 9-6 * * *"}, "9-6 is no hour"),
        ({"crontab": "*/0 6 * * *"}, r"\*/0 is no minute"),
        ({"crontab": "5/15 6 * * *"}, "5/15 is no minute"),
        ({"crontab": "+5 6 * * *"}, r"\+5 is no minute"),
        ({"crontab": "٣ 6 * * *"}, "is no minute"),
        ({"crontab": "1,,2 6 * * *"}, "is no minute"),
        ({"crontab": "0 6 31 2 *"}, "never comes due"),
        ({"crontab": "0 6 31 2,4,6 *"}, "never comes due"),
        ({"every": 0, "period": "days"}, "every: takes a whole number from 1"),
        ({"every": True, "period": "days"}, "every: takes a whole number"),
        ({"every": 1.5, "period": "days"}, "every: takes a whole number"),
        ({"every": 1, "period": "months"}, "period: months is unknown"),
        ({"every": 1, "period": ["days"]}, "period: .* is unknown"),
        ({"at": "Christmas"}, "Christmas is not a date and time"),
        ({"any": []}, "at least one schedule"),
        ({"any": [{"every": 0, "period": "days"}]}, "every: takes a whole number"),
        ({"any": [{"every": 1, "period": "days"}] * 51}, "at most 50"),
    ],
)
def test_a_bad_schedule_is_refused_by_name(document: Any, sentence: str) -> None:
    with pytest.raises(InvalidSchedule, match=sentence):
        validate_schedule(document)


def test_a_deep_nest_is_refused() -> None:
    document: dict[str, Any] = {"at": "2026-01-01"}
    for _level in range(2000):
        document = {"any": [document]}

    with pytest.raises(InvalidSchedule, match="too deeply"):
        validate_schedule(document)


@pytest.mark.parametrize(
    ("schedule", "often"),
    [
        ({"crontab": "*/15 * * * *"}, False),
        ({"crontab": "*/10 * * * *"}, True),
        ({"crontab": "0,5 6 1 1 *"}, True),
        ({"every": 15, "period": "minutes"}, False),
        ({"every": 14, "period": "minutes"}, True),
        ({"any": [{"crontab": "0 6 * * *"}, {"crontab": "5 6 * * *"}]}, True),
        ({"at": "2026-01-01"}, False),
    ],
)
def test_less_than_15_minutes_is_too_frequent(schedule: dict[str, Any], often: bool) -> None:
    assert too_frequent(schedule, PARIS) is often


def fields(low: int, high: int) -> st.SearchStrategy[str]:
    numbers = st.lists(st.integers(low, high), min_size=1, max_size=4).map(lambda some: ",".join(map(str, some)))
    return st.one_of(st.just("*"), st.integers(1, 40).map(lambda step: f"*/{step}"), numbers)


crontabs = st.tuples(fields(0, 59), fields(0, 23), fields(1, 28), fields(1, 12), fields(0, 7)).map(
    lambda parts: {"crontab": " ".join(parts)}
)
intervals = st.builds(
    lambda every, period: {"every": every, "period": period},
    st.integers(1, 500),
    st.sampled_from(["minutes", "hours", "days", "weeks"]),
)
schedules = st.one_of(
    crontabs,
    intervals,
    st.lists(st.one_of(crontabs, intervals), min_size=1, max_size=3).map(lambda some: {"any": some}),
)
zones = st.sampled_from([PARIS, SAO_PAULO, ST_JOHNS, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")])
moments = st.datetimes(datetime(2005, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@settings(max_examples=150, deadline=None)
@given(schedule=schedules, zone=zones, anchor=moments, back=st.integers(0, 2000), hours=st.integers(0, 24 * 60))
def test_instants_are_sorted_unique_in_range_and_restartable(
    schedule: dict[str, Any], zone: ZoneInfo, anchor: datetime, back: int, hours: int
) -> None:
    validate_schedule(schedule)
    after = anchor + timedelta(hours=500 - back)
    until = after + timedelta(hours=hours)

    found = list(islice(instants(schedule, zone=zone, anchor=anchor, after=after, until=until), 2000))

    assert found == sorted(set(found))
    assert all(max(after, anchor - MOMENT) < instant <= until for instant in found)
    if found:
        middle = len(found) // 2
        rest = instants(schedule, zone=zone, anchor=anchor, after=found[middle], until=until)
        assert list(islice(rest, 2000 - middle - 1)) == found[middle + 1 :]


@settings(max_examples=60, deadline=None)
@given(schedule=crontabs, zone=zones, start=moments)
def test_the_next_instant_matches_its_fields_or_a_clock_change(
    schedule: dict[str, str], zone: ZoneInfo, start: datetime
) -> None:
    instant = next(instants(schedule, zone=zone, anchor=start, after=start))

    local = instant.astimezone(zone)
    changed = (local.utcoffset() or 0) != (instant - MOMENT).astimezone(zone).utcoffset()
    assert changed or all(
        value in field
        for value, field in zip(
            (local.minute, local.hour, local.day, local.month, local.isoweekday() % 7),
            (plain(text, low, high) for text, (low, high) in zip(schedule["crontab"].split(), BOUNDS, strict=True)),
            strict=True,
        )
    )


BOUNDS = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]


def plain(text: str, low: int, high: int) -> set[int]:
    if text.startswith("*"):
        values = set(range(low, high + 1, int(text[2:] or 1)))
    else:
        values = {int(part) for part in text.split(",")}
    return {value % 7 for value in values} if high == 7 else values
