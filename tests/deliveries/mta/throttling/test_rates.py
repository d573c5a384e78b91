"""Messages per second and per hour hold over all processes."""

from __future__ import annotations

import pytest
import redis

from deliveries.mta.throttling.buckets import DatabaseBuckets
from deliveries.mta.throttling.redis_buckets import RedisBuckets
from tests.deliveries.mta.throttling.worlds import busiest, limit, make_group, make_world, send_for
from tests.services import REDIS_URL

pytestmark = pytest.mark.django_db


def test_d29_four_processes_never_send_more_than_the_limit_in_any_second() -> None:
    world = make_world()
    limit(make_group(), messages_per_second=20)
    processes = [world.process() for _number in range(4)]

    left = send_for(world, processes, seconds=10)

    assert busiest(left) <= 22
    assert len(left) >= 180


def test_the_hour_is_cut_into_slices_that_all_processes_share() -> None:
    world = make_world()
    limit(make_group(), messages_per_hour=1200)
    processes = [world.process(), world.process()]

    left = send_for(world, processes, seconds=20, tick=0.1)
    told = processes[0].hold("big")
    world.pass_time(300)
    later = send_for(world, processes, seconds=20, tick=0.1)

    assert len(left) == 100
    assert told is not None and 270 < told.seconds <= 300
    assert len(later) == 100


def forget_what_was_counted() -> None:
    """Redis outlives a test, whose routes have the numbers of the test before."""
    client = redis.Redis.from_url(REDIS_URL)
    for key in client.scan_iter("diffusion:throttling:*"):
        client.delete(key)


@pytest.mark.redis
def test_d29_redis_counts_as_the_database_does() -> None:
    forget_what_was_counted()
    world = make_world(buckets=RedisBuckets(REDIS_URL, instead=DatabaseBuckets()))
    limit(make_group(), messages_per_second=20, messages_per_hour=1200)
    processes = [world.process() for _number in range(4)]

    left = send_for(world, processes, seconds=7)
    for governor in processes:
        governor.close(world.now)

    assert busiest(left) <= 22
    assert 80 <= len(left) <= 100


def test_while_redis_is_away_the_database_counts() -> None:
    world = make_world(buckets=RedisBuckets("redis://127.0.0.1:1/0", instead=DatabaseBuckets()))
    limit(make_group(), messages_per_second=20)

    left = send_for(world, [world.process()], seconds=3)

    assert busiest(left) <= 22
    assert len(left) >= 50


def test_a_message_that_did_not_leave_is_not_counted() -> None:
    world = make_world()
    limit(make_group(), messages_per_hour=12)
    governor = world.process()
    governor.refresh({"big": 10}, world.now)

    assert governor.take("big")
    spent = governor.take("big")
    governor.give_back("big")

    assert not spent
    assert governor.take("big")
