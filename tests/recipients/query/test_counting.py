"""Counts in time: exact, from a sample, or said to be unknown; condition by condition."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from recipients.filters import FilterContext
from recipients.models import Recipient
from recipients.query import counting, plan, time_box, waterfall
from recipients.query.counting import Count, Patience, count
from recipients.query.preview import preview
from recipients.query.sample import sample_of
from recipients.query.time_box import OutOfTime
from tests.factories import make_recipients

pytestmark = pytest.mark.django_db
FRENCH = {"field": "country_code", "op": "equals", "value": "FR"}
FIRST = {"field": "first_name", "op": "equals", "value": "First1"}


@pytest.fixture
def context(now: datetime) -> FilterContext:
    return FilterContext(now, ZoneInfo("Europe/Paris"))


@pytest.fixture
def people() -> list[Recipient]:
    return [*make_recipients(4, country_code="FR"), *make_recipients(2)]


def test_a_small_base_is_counted_exactly(context: FilterContext, people: list[Recipient]) -> None:
    found = count(FRENCH, context)

    assert (found, found.text()) == (Count(4, "exact"), "4")
    assert len(preview(FRENCH, context)) == 4


def test_what_takes_too_long_is_estimated_from_a_sample_and_said_so(
    context: FilterContext, people: list[Recipient], monkeypatch: pytest.MonkeyPatch
) -> None:
    Recipient.objects.bulk_create(Recipient(country_code="FR") for _number in range(3000))
    monkeypatch.setattr(counting, "_exact", _too_late)
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL samples blocks: too few of them here.")

    found = count(FRENCH, context, Patience(exact=1, sampled=5, sample=300))

    assert found.how == "sampled"
    assert 2700 <= found.number <= 3300
    assert found.text() == f"about {found.number:,} (sample)"


def test_without_even_a_sample_the_answer_is_a_lower_bound_or_none(
    context: FilterContext, people: list[Recipient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_exact", _too_late)
    monkeypatch.setattr(counting, "_sampled", _too_late)
    monkeypatch.setattr(counting, "AT_LEAST", 3)
    assert count(FRENCH, context).text() == "more than 3"

    monkeypatch.setattr(counting, "_at_least", _too_late)
    assert count(FRENCH, context).text() == "too long to count"


def _too_late(*given: Any) -> Count:
    raise OutOfTime


def test_a_statement_over_its_time_is_stopped_and_the_connection_goes_on() -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n WHERE x < 0"

    with pytest.raises(OutOfTime), time_box.time_box(0.1), connection.cursor() as cursor:
        cursor.execute(endless)

    assert Recipient.objects.count() == 0


def test_each_condition_is_counted_alone_and_after_those_before_it(
    context: FilterContext, people: list[Recipient]
) -> None:
    document = {"all": [FRENCH, {"any": [FIRST, {"not": {"everyone": True}}]}, {"not": FRENCH}]}

    steps = {step.path: (step.alone, step.so_far) for step in waterfall.waterfall(document, context)}

    assert steps == {
        "all.0": (4, 4),
        "all.1": (2, 1),
        "all.1.any.0": (2, 2),
        "all.1.any.1": (0, 0),
        "all.1.any.1.not": (6, 6),
        "all.2": (2, 0),
        "all.2.not": (4, 4),
    }


def test_a_sample_is_a_part_of_a_large_base_and_the_whole_of_a_small_one(people: list[Recipient]) -> None:
    assert sample_of(100, 6).rows.count() == 6
    assert sample_of(3, 6).one_in == 2
    assert sample_of(3, 6).rows.count() <= 6


@pytest.mark.parametrize("number,rounded", [(0, 0), (9, 9), (41_237, 41_000), (999, 1000), (12, 12)])
def test_an_estimate_shows_two_figures(number: int, rounded: int) -> None:
    assert counting.rounded(number) == rounded


def test_a_heavy_scan_is_announced_where_the_database_can_tell(
    context: FilterContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "table_size", lambda name: 3_000_000)
    heavy = {"field": "first_name", "op": "contains", "value": "a"}

    warning = plan.heavy_scan(heavy, context)

    assert ("3,000,000" in warning) is (connection.vendor == "postgresql")
    monkeypatch.setattr(plan, "table_size", lambda name: 30)
    assert plan.heavy_scan(heavy, context) == ""
