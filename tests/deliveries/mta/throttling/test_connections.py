"""Sessions with a receiver, over all processes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from deliveries.mta.throttling.connections import EXPIRES_AFTER, ConnectionLeases
from tests.deliveries.mta.throttling.worlds import NOON

pytestmark = pytest.mark.django_db
LIMIT = {"big": 5}


def _renew(
    leases: ConnectionLeases,
    second: float,
    limits: Mapping[str, int] = LIMIT,
    sessions: Mapping[str, int] | None = None,
) -> int:
    now = NOON + timedelta(seconds=second)
    leases.renew(limits, sessions=sessions or {}, at=second, now=now)
    return leases.granted("big", 5)


def test_d29_processes_share_the_connections_and_never_have_more_together() -> None:
    processes = [ConnectionLeases("1:") for _number in range(4)]
    alone = _renew(processes[0], 0)

    open_now = {0: alone}
    for second in range(3, 30, 3):
        for number, leases in enumerate(processes):
            open_now[number] = _renew(leases, second, sessions={"big": open_now.get(number, 0)})
            assert sum(open_now.values()) <= 5

    assert alone == 5
    assert sum(open_now.values()) == 5
    assert min(open_now.values()) == 1


def test_sessions_that_are_still_open_count_until_they_end() -> None:
    first, second = ConnectionLeases("1:"), ConnectionLeases("1:")
    _renew(first, 0)
    assert _renew(second, 1) == 0

    _renew(first, 3, sessions={"big": 5})
    while_open = _renew(second, 4)
    _renew(first, 6, sessions={"big": 2})
    afterwards = _renew(second, 7)

    assert while_open == 0
    assert 2 <= afterwards <= 3


def test_a_process_that_died_gives_its_sessions_up_by_time_out() -> None:
    dead, heir = ConnectionLeases("1:"), ConnectionLeases("1:")
    _renew(dead, 0)
    before = _renew(heir, 10)

    after = _renew(heir, EXPIRES_AFTER.total_seconds() + 1)

    assert (before, after) == (0, 5)


def test_a_process_that_needs_none_leaves_them_to_the_others() -> None:
    first, second = ConnectionLeases("1:"), ConnectionLeases("1:")
    _renew(first, 0)
    _renew(second, 1)

    _renew(first, 3, limits={})
    _renew(first, 13, limits={})
    taken = _renew(second, 14)
    first.close()

    assert taken == 5
