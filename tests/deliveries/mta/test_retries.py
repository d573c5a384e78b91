from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from deliveries.mta.retries import next_attempt_at


@pytest.mark.parametrize(("attempt", "minutes"), [(0, 5), (1, 15), (2, 30), (3, 60), (4, 120), (50, 120)])
def test_the_pauses_grow_and_then_stay_at_two_hours(attempt: int, minutes: int, now: datetime) -> None:
    assert next_attempt_at(attempt, now=now, spread=0) == now + timedelta(minutes=minutes)


def test_the_pause_is_spread_by_a_fifth_on_either_side(now: datetime) -> None:
    assert next_attempt_at(0, now=now, spread=-1) == now + timedelta(minutes=4)
    assert next_attempt_at(0, now=now, spread=1) == now + timedelta(minutes=6)
    instants = {next_attempt_at(0, now=now) for _number in range(20)}
    assert len(instants) > 1
    assert all(timedelta(minutes=4) <= at - now <= timedelta(minutes=6) for at in instants)
