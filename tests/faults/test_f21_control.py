"""F21: paused, resumed, restarted, stopped and cancelled while messages leave: by the screen, the API and commands."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest

from deliveries.models import DeliveryState, MessageStatus
from tests.faults.checker import check
from tests.faults.conftest import SLOW, with_manners
from tests.faults.installation import Installation
from tests.faults.operator_at_work import Operator, operator_of
from tests.faults.witness import Witness

pytestmark = [pytest.mark.smtp_sink, pytest.mark.slow, pytest.mark.xdist_group("faults")]
CONNECTIONS = 8


@with_manners(*SLOW)
def test_f21_paused_on_the_screen_it_says_how_many_left_and_resumed_it_sends_exactly_the_rest(
    on_sqlite: Installation, sink: Witness
) -> None:
    pause_and_resume(on_sqlite, sink, recipients=800, times=3)


@pytest.mark.full
@pytest.mark.postgresql
@pytest.mark.timeout(900)
def test_f21_paused_and_resumed_ten_times_at_full_speed(on_postgresql: Installation, sink: Witness) -> None:
    pause_and_resume(on_postgresql, sink, recipients=60_000, times=10)


def pause_and_resume(installation: Installation, sink: Witness, *, recipients: int, times: int) -> None:
    installation.fill(recipients, connections=CONNECTIONS)
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    step = recipients // (times + 2)
    with operator_of(installation) as operator, installation.running("mta", "start"):
        for _time in range(times):
            begun = sink.count() + chance.randint(step // 2, step)
            installation.wait_until(lambda: sink.count() >= begun)  # noqa: B023
            page = operator.press("/admin/deliveries/delivery/1/do/pause/")
            check_pause(installation, sink, page)
            assert operator.ask("deliveries/1/resume/")[0] == 200
        assert installation.manage("mta", "restart").returncode == 0
        installation.wait_until(lambda: installation.state() == DeliveryState.FINISHED)

    assert len(check(installation, sink, doubts_at_most=0).sent) == recipients, f"seed {seed}"


def check_pause(installation: Installation, sink: Witness, page: str) -> None:
    at_answer = sink.count()
    installation.wait_until(lambda: installation.state() == DeliveryState.PAUSED)
    left = sink.count()
    assert left - at_answer <= CONNECTIONS
    assert installation.query("SELECT sent, in_doubt FROM deliveries_delivery") == [(left, 0)]
    said = re.search(r"([\d,]+) messages had already been handed over\.( The replies)?", page)
    assert said is not None
    told, replies_are_awaited = int(said[1].replace(",", "")), bool(said[2])
    assert told <= left if replies_are_awaited else told == left


@pytest.mark.postgresql
@with_manners(*SLOW)
def test_f21_stopped_over_the_api_nothing_leaves_any_more_and_the_rest_is_cancelled(
    on_postgresql: Installation, sink: Witness
) -> None:
    def stop(operator: Operator) -> None:
        status, answer = operator.ask("deliveries/1/stop/")
        assert status == 200, answer
        assert sink.count() - CONNECTIONS <= answer["counts"]["sent"] <= sink.count()

    end_in_the_middle(on_postgresql, sink, stop)


@with_manners(*SLOW)
def test_f21_with_its_operation_cancelled_nothing_leaves_any_more_and_the_rest_is_cancelled(
    on_sqlite: Installation, sink: Witness
) -> None:
    def cancel(operator: Operator) -> None:
        status, answer = operator.ask("operations/1/cancel/")
        assert status == 200, answer

    end_in_the_middle(on_sqlite, sink, cancel)


def end_in_the_middle(installation: Installation, sink: Witness, end: Callable[[Operator], None]) -> None:
    recipients = 2000
    installation.fill(recipients, connections=CONNECTIONS, operation="Autumn")
    with operator_of(installation) as operator, installation.running("mta", "start"):
        installation.wait_until(lambda: sink.count() > 100)
        end(operator)
        at_answer = sink.count()
        installation.wait_until(lambda: installation.state() == DeliveryState.STOPPED)
        left = sink.count()
        assert left - at_answer <= CONNECTIONS

    verdict = check(installation, sink, doubts_at_most=0)
    assert len(verdict.sent) == left == sink.count()
    assert set(verdict.others.values()) == {MessageStatus.CANCELLED}
    assert len(verdict.others) == recipients - left
