"""A new address sends no more than its plan allows, over all processes."""

from __future__ import annotations

from datetime import date, time

import pytest

from deliveries.models import Affinity, DailyVolume, WarmUp
from deliveries.mta.throttling.warm_up import Plan, days_of
from tests.deliveries.mta.throttling.worlds import make_group, make_world, send_for

pytestmark = pytest.mark.django_db
FIRST_DAY = date(2026, 3, 2)
DAY_SECONDS = 86_400


def test_d31_thirty_days_never_exceed_the_plan_and_the_surplus_waits_for_the_next_day() -> None:
    world = make_world(affinity="news")
    _plan(first_day=20, growth=1.2, ceiling=600)
    processes = [world.process(), world.process()]

    volumes, ends = [], set()
    for _day in range(30):
        volumes.append(len(send_for(world, processes, seconds=30, tick=1.5)))
        hold = processes[0].hold("big")
        ends.add(hold.until.time() if hold and hold.until else None)
        world.pass_time(DAY_SECONDS - 30)

    caps = [volume for _day, volume in days_of(Plan("big", FIRST_DAY, 20, 1.2, 600))]
    assert volumes[: len(caps)] == caps[:30]
    assert time() in ends


def _plan(**values: object) -> WarmUp:
    return WarmUp.objects.create(
        affinity=Affinity.objects.get(name="news"), group=make_group(), starts_on=FIRST_DAY, **values
    )


def test_what_was_reserved_and_not_sent_goes_back_to_the_others() -> None:
    world = make_world(affinity="news")
    _plan(first_day=100, ceiling=1000)
    governor = world.process()
    governor.refresh({"big": 100}, world.now)
    assert governor.take("big")

    world.pass_time(5)
    governor.refresh({}, world.now)

    assert DailyVolume.objects.get().messages == 1


def test_before_the_first_day_nothing_leaves_and_after_the_last_everything_does() -> None:
    plan = Plan("big", FIRST_DAY, first_day=100, growth=2, ceiling=1000)

    assert plan.cap_on(date(2026, 3, 1)) == 0
    assert [volume for _day, volume in days_of(plan)] == [100, 200, 400, 800]
    assert plan.cap_on(date(2026, 3, 6)) is None
    assert plan.cap_on(date(2036, 3, 6)) is None


def test_other_receivers_share_the_plan_without_a_group() -> None:
    world = make_world(affinity="news")
    affinity = Affinity.objects.get(name="news")
    WarmUp.objects.create(affinity=affinity, starts_on=FIRST_DAY, first_day=30, ceiling=1000)
    governor = world.process()

    governor.refresh({"one.example": 100, "two.example": 100}, world.now)
    left = [name for name in ("one.example", "two.example") for _message in range(100) if governor.take(name)]

    assert len(left) <= 30
    assert DailyVolume.objects.get().receiver == ""


def test_an_affinity_without_a_plan_is_not_slowed() -> None:
    world = make_world()
    Affinity.objects.create(name="news")
    _plan(first_day=1, ceiling=10)

    assert world.process().receiver_of("big.example") == ""
