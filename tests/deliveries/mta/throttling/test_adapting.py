"""A receiver that asks for less gets half, and slowly its rate again."""

from __future__ import annotations

import pytest

from deliveries.models import GroupState
from deliveries.mta.throttling.governing import ReceiverGovernor
from tests.deliveries.mta.throttling.worlds import ACCEPTED, TOO_FAST, World, limit, make_group, make_world, send_for

pytestmark = pytest.mark.django_db


def _rate(world: World, processes: list[ReceiverGovernor], seconds: float = 10) -> float:
    return len(send_for(world, processes, seconds=seconds, tick=0.05)) / seconds


def test_d30_a_request_for_less_halves_the_rate_of_all_processes_and_it_recovers_within_ten_minutes() -> None:
    world = make_world()
    limit(make_group(), messages_per_second=20)
    processes = [world.process(), world.process()]
    before = _rate(world, processes)

    processes[0].note("big", TOO_FAST)
    lowered = _rate(world, processes)
    world.pass_time(590)
    recovered = _rate(world, processes)

    assert lowered <= before * 0.55
    assert recovered >= before * 0.8


def test_d30_without_a_limit_the_rate_at_hand_is_measured_and_halved() -> None:
    world = make_world()
    governor = world.process()
    for _second in range(12):
        for _message in range(10):
            governor.note("slow.example", ACCEPTED)
        world.pass_time(1)
        governor.refresh({}, world.now)
    assert governor.receiver_of("slow.example") == ""

    governor.note("slow.example", TOO_FAST)
    left = send_for(world, [governor], seconds=10, receiver="slow.example", tick=0.05)

    assert governor.receiver_of("slow.example") == "slow.example"
    assert 40 <= len(left) <= 60


def test_many_requests_at_once_halve_only_once() -> None:
    world = make_world()
    limit(make_group(), messages_per_second=20)
    processes = [world.process(), world.process()]

    for governor in processes:
        for _message in range(5):
            governor.note("big", TOO_FAST)
        governor.refresh({}, world.now)

    assert GroupState.objects.get(receiver="big").factor == 0.5


def test_d30_a_receiver_that_asks_for_a_minute_still_recovers_within_ten() -> None:
    world = make_world()
    limit(make_group(), messages_per_second=20)
    governor = world.process()
    _rate(world, [governor])

    for _second in range(60):
        governor.note("big", TOO_FAST)
        governor.refresh({"big": 10}, world.now)
        world.pass_time(1)
    lowered = GroupState.objects.get(receiver="big").factor
    world.pass_time(540)

    assert lowered <= 1 / 16
    assert _rate(world, [governor]) >= 16


def test_the_reason_of_a_slow_receiver_is_what_it_said() -> None:
    world = make_world()
    governor = world.process()
    governor.note("slow.example", TOO_FAST)
    governor.refresh({"slow.example": 100}, world.now)
    while governor.take("slow.example"):
        pass

    hold = governor.hold("slow.example")

    assert hold is not None and "slow down" in hold.reason
