from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from operations.activities.time_constraint import next_opening
from operations.models import TaskState
from operations.workflow import engine
from operations.workflow.definition import InvalidDefinition
from tests.factories import make_recipients
from tests.operations.factories import (
    activity,
    drawing,
    left_by,
    make_list,
    make_workflow,
    numbers,
    people_of,
    run_drawing,
    task_of,
)

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
DAILY = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def constrained(people: Any, **config: Any) -> dict[str, Any]:
    return drawing(
        [*people_of(make_list(people)), activity("c", "time_constraint", **config), activity("end", "end")],
        "a → c",
        "c → end",
    )


def test_people_wait_for_the_hour_and_go_on(now: datetime) -> None:
    people = make_recipients(2)
    run = run_drawing(constrained(people), now=now)
    assert task_of(run, "c").state == TaskState.RUNNING

    engine.advance(run.pk, now=datetime(2025, 10, 6, 7, 59, tzinfo=PARIS))
    assert task_of(run, "c").state == TaskState.RUNNING
    engine.advance(run.pk, now=datetime(2025, 10, 6, 8, 0, tzinfo=PARIS))

    assert left_by(run, "c") == numbers(people)


def test_inside_the_hours_nobody_waits(now: datetime) -> None:
    people = make_recipients(1)

    assert left_by(run_drawing(constrained(people, **{"from": "05:00"}), now=now), "c") == numbers(people)


def test_outside_the_hours_people_may_take_another_way(now: datetime) -> None:
    people = make_recipients(1)
    document = constrained(people, outside="skip")
    document["activities"].append(activity("later", "end"))
    document["transitions"].append({"source": "c", "outlet": "outside", "target": "later"})

    run = run_drawing(document, now=now)

    assert left_by(run, "c", "outside") == numbers(people)
    assert task_of(run, "end").state == TaskState.SKIPPED


@pytest.mark.parametrize(
    ("config", "at", "opens"),
    [
        # Friday evening to Monday morning.
        ({"days": DAILY[:5]}, "2025-10-10T20:00", "2025-10-13T08:00"),
        # Over midnight: the night that began on Friday goes on.
        ({"days": ["friday"], "from": "22:00", "until": "02:00"}, "2025-10-11T01:59", "2025-10-11T01:59"),
        ({"days": ["friday"], "from": "22:00", "until": "02:00"}, "2025-10-11T02:00", "2025-10-17T22:00"),
        # All day.
        ({"from": "00:00", "until": "00:00"}, "2025-10-11T23:59", "2025-10-11T23:59"),
        # The clocks skip 02:00 to 03:00 on 29 March 2026.
        ({"days": ["sunday"], "from": "02:30"}, "2026-03-28T12:00", "2026-03-29T03:00"),
        ({"days": ["sunday"], "from": "02:10", "until": "02:50"}, "2026-03-28T12:00", "2026-04-05T02:10"),
    ],
)
def test_the_window_opens_by_the_clock_of_the_zone(config: dict[str, Any], at: str, opens: str) -> None:
    whole = {"days": DAILY, "from": "08:00", "until": "20:00", **config}

    found = next_opening(whole, PARIS, datetime.fromisoformat(at).replace(tzinfo=PARIS))

    assert found.astimezone(PARIS).strftime("%Y-%m-%dT%H:%M") == opens


@pytest.mark.parametrize(
    "config",
    [{"days": []}, {"days": ["lundi"]}, {"from": "8"}, {"until": "24:00"}, {"outside": "stop"}, {"days": "monday"}],
)
def test_faulty_hours_are_refused(config: dict[str, Any], now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="invalid_config"):
        make_workflow(drawing([activity("c", "time_constraint", **config)]), now=now)
