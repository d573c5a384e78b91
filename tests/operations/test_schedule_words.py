"""Schedules in words, and what their editor shows before they are saved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from operations.admin.canvas.schedule_preview import preview_document
from operations.models import Workflow
from operations.occurrences import InvalidSchedule, validate_schedule
from operations.schedule_words import policy_sentences, schedule_sentence

NOW = datetime(2026, 9, 22, 7, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "sentence"),
    [
        ({"crontab": "0 18 * * 4"}, "every Thursday at 18:00"),
        ({"crontab": "30 9 * * *"}, "every day at 09:30"),
        ({"crontab": "0 9,12,18 * * *"}, "every day at 09:00, 12:00 and 18:00"),
        ({"crontab": "0 9 * * 1,4"}, "every Monday or Thursday at 09:00"),
        ({"crontab": "0 9 * * 1-5"}, "every day from Monday to Friday at 09:00"),
        ({"crontab": "0 6 1,15 * *"}, "on days 1 and 15 of the month at 06:00"),
        ({"crontab": "0 6 31 1,3 *"}, "on day 31 of the month at 06:00 in January and March"),
        ({"crontab": "0 6 13 * 5"}, "on day 13 of the month if it is a Friday at 06:00"),
        ({"crontab": "*/15 8-18 * * *"}, "every day every 15 minutes from 08:00 to 18:45"),
        ({"crontab": "*/20 * * * *"}, "every day every 20 minutes"),
        ({"crontab": "0 8-20/2 * * *"}, "every day every 2 hours from 08:00 to 20:00"),
        ({"crontab": "0 * * * *"}, "every day every hour"),
        ({"crontab": "0,7 1,5,6,9 * * *"}, "every day at minutes 00 and 07 of the hours 01, 05, 06 and 09"),
        ({"every": 2, "period": "weeks"}, "every 2 weeks from the start"),
        ({"at": "2026-12-24T18:00"}, "once, on 24 December 2026 at 18:00"),
        (
            {"any": [{"crontab": "0 9 * * 1"}, {"crontab": "0 18 * * 5"}]},
            "every Monday at 09:00; every Friday at 18:00",
        ),
    ],
)
def test_a_schedule_is_said_in_words(schedule: dict[str, Any], sentence: str) -> None:
    with override("en"):
        assert schedule_sentence(schedule) == sentence


def test_the_zone_is_named() -> None:
    assert schedule_sentence({"crontab": "0 18 * * 4"}, "Europe/Paris") == "every Thursday at 18:00, Europe/Paris"


def test_the_policies_are_said_in_words() -> None:
    overlap, missed = policy_sentences({"overlap": "queue", "missed": "all", "grace_minutes": 5})

    assert overlap == "When the previous run is still at work, the new one waits for it; one waits at most."
    assert missed.endswith("one after the other, if they are at most 5 minutes late.")


def preview(schedule: Any, **given: Any) -> dict[str, Any]:
    workflow = Workflow(label="Birthdays", time_zone="Europe/Paris")
    return preview_document({"schedule": schedule, **given}, workflow=workflow, now=NOW)


def test_the_next_ten_runs_are_local_with_the_clock_change_between_them() -> None:
    document = preview({"crontab": "0 18 * * 4"})

    assert [run["local"] for run in document["runs"]][:2] == ["Thu 24 Sept. 2026, 18:00", "Thu 1 Oct. 2026, 18:00"]
    assert [run["utc"] for run in document["runs"]] == ["16:00 UTC"] * 5 + ["17:00 UTC"] * 5
    assert [run["note"] for run in document["runs"] if run["note"]] == [
        "clock change: the clocks go back, CEST becomes CET"
    ]
    assert document["warnings"] == []


@pytest.mark.parametrize(
    ("given", "warning"),
    [
        ({"schedule": {"every": 5, "period": "minutes"}}, "more often than every 15 minutes"),
        ({"schedule": {"at": "2020-01-01T00:00"}}, "No run is left"),
        ({"schedule": {"crontab": "0 9 31 * *"}}, "Some months have no day 31"),
        ({"schedule": {"crontab": "0 9 * * *"}, "valid_until": "2026-09-01"}, "No run is left"),
    ],
)
def test_what_may_surprise_is_pointed_out(given: dict[str, Any], warning: str) -> None:
    assert any(warning in text for text in preview(**given)["warnings"])


def test_validity_and_number_of_runs_bound_the_preview() -> None:
    daily = {"crontab": "0 9 * * *"}

    assert len(preview(daily, max_runs=3)["runs"]) == 3
    assert len(preview(daily, valid_until="2026-09-24")["runs"]) == 2
    assert preview(daily, valid_from="2026-12-24")["runs"][0]["local"].startswith("Thu 24 Dec")


@pytest.mark.parametrize("given", [{"schedule": None}, {"schedule": {"crontab": "x"}}, {"schedule": {"at": "no"}}])
def test_what_can_not_be_read_is_an_error_in_words(given: dict[str, Any]) -> None:
    assert preview(**given)["error"]


def test_a_zone_that_does_not_exist_is_an_error_in_words() -> None:
    assert "not a time zone" in preview({"crontab": "0 9 * * *"}, zone="Mars/Phobos")["error"]


def numbers(low: int, high: int) -> st.SearchStrategy[str]:
    lists = st.lists(st.integers(low, high), min_size=1, max_size=6).map(lambda found: ",".join(map(str, found)))
    return st.one_of(st.just("*"), st.integers(1, 30).map(lambda step: f"*/{step}"), lists)


CRONTABS = st.tuples(numbers(0, 59), numbers(0, 23), numbers(1, 31), numbers(1, 12), numbers(0, 7)).map(
    lambda fields: {"crontab": " ".join(fields)}
)
EVERY = st.fixed_dictionaries(
    {"every": st.integers(1, 500), "period": st.sampled_from(["minutes", "hours", "days", "weeks"])}
)
AT = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda moment: {"at": moment.isoformat()})
SIMPLE = st.one_of(CRONTABS, EVERY, AT)
SCHEDULES = st.one_of(SIMPLE, st.lists(SIMPLE, min_size=1, max_size=4).map(lambda parts: {"any": parts}))


@settings(max_examples=150, deadline=None)
@given(schedule=SCHEDULES, language=st.sampled_from(["en", "fr"]))
def test_every_valid_schedule_has_words_and_a_preview(schedule: dict[str, Any], language: str) -> None:
    try:
        validate_schedule(schedule)
    except InvalidSchedule:
        return
    with override(language):
        document = preview(schedule)
    assert document["sentence"]
    assert "error" not in document
    assert len(document["runs"]) <= 10
