"""Why a delivery waits: every cause with its code, its remedy, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from deliveries import control
from deliveries.confirmation import confirm
from deliveries.diagnosis import Cause, pending_causes, pending_reasons
from deliveries.lifecycle import settle_due, start_due_deliveries
from deliveries.models import Affinity, Delivery, DeliveryPart, MessageStatus, RequestedAction, Route
from deliveries.mta.throttling.states import pause_receiver
from deliveries.preparation.request import request_preparation
from deliveries.routes import ensure_default_route, pause_route
from installation.models import Process
from installation.options import set_option
from operations.models import Operation
from tests.deliveries.factories import analyse, make_activity, make_delivery, run_once
from tests.deliveries.rows import (
    claim,
    give_back,
    make_confirmed,
    make_process,
    make_ready,
    make_started,
    record,
    rows_of,
)
from tests.factories import make_recipients

pytestmark = pytest.mark.django_db


@pytest.fixture
def everything_runs(now: datetime) -> None:
    for kind in Process.Kind.values:
        make_process(kind, now)


def codes(delivery: Delivery, now: datetime) -> list[str]:
    delivery.refresh_from_db()
    return [cause.code for cause in pending_causes(delivery, now)]


def cause(delivery: Delivery, now: datetime, code: str) -> Cause:
    delivery.refresh_from_db()
    return next(cause for cause in pending_causes(delivery, now) if cause.code == code)


@pytest.mark.usefixtures("everything_runs")
def test_a_delivery_that_moves_waits_for_nothing(now: datetime) -> None:
    edited = make_delivery(now)
    sending = make_started(now, people=2)
    finished = make_started(now)
    record(rows_of(finished), MessageStatus.SENT, now)
    give_back(claim(finished, now))
    settle_due(now)

    assert [codes(delivery, now) for delivery in (edited, sending, finished)] == [[], [], []]


@pytest.mark.usefixtures("everything_runs")
def test_a_later_contact_date_is_told_with_its_instant(now: datetime) -> None:
    delivery = make_ready(now)
    later = now + timedelta(days=2)
    confirm(delivery=delivery, now=now, contact_date=later)

    assert codes(delivery, now) == ["scheduled"]
    assert cause(delivery, now, "scheduled").until == later


@pytest.mark.usefixtures("everything_runs")
def test_what_was_prepared_by_hand_waits_for_its_confirmation(now: datetime) -> None:
    delivery = make_ready(now)

    assert codes(delivery, now) == ["confirmation_missing"]
    assert f"./diffusion delivery confirm {delivery.pk}" in cause(delivery, now, "confirmation_missing").remedy


@pytest.mark.usefixtures("everything_runs")
def test_what_was_to_start_by_itself_waits_for_the_approval_that_its_mode_asks_for(now: datetime) -> None:
    make_recipients(1)
    delivery = make_delivery(now, approval_mode="manual")
    analyse(delivery, now=now, action=RequestedAction.PREPARE_AND_START)

    assert codes(delivery, now) == ["approval_missing"]


@pytest.mark.usefixtures("everything_runs")
def test_an_unconfirmed_run_of_a_continuous_delivery_is_told_while_the_former_one_is_over(now: datetime) -> None:
    people = make_recipients(3)
    activity = make_activity("continuous_delivery", action="prepare")
    delivery = run_once(activity, people[:1], now=now)
    confirm(delivery=delivery, now=now)
    start_due_deliveries(now)
    record(rows_of(delivery), MessageStatus.SENT, now)
    give_back(claim(delivery, now))
    settle_due(now)
    assert codes(delivery, now) == []

    run_once(activity, people, now=now + timedelta(minutes=1))

    assert codes(delivery, now) == ["confirmation_missing"]


def test_without_a_sending_process_the_remedy_is_to_start_one(now: datetime) -> None:
    make_process("worker", now)
    make_process("beat", now)
    delivery = make_started(now)

    assert codes(delivery, now) == ["no_mta"]
    assert "./diffusion mta start" in cause(delivery, now, "no_mta").remedy


def test_a_process_without_heartbeat_is_not_alive(now: datetime) -> None:
    make_process("mta", now - timedelta(minutes=1))
    delivery = make_started(now)

    assert codes(delivery, now)[0] == "no_mta"


@pytest.mark.usefixtures("everything_runs")
def test_a_sender_that_makes_no_progress_for_a_minute_is_stalled(now: datetime) -> None:
    delivery = make_started(now)
    later = now + timedelta(seconds=61)
    Process.objects.update(heartbeat_at=later)

    assert codes(delivery, later) == ["mta_stalled"]
    assert "./diffusion mta restart" in cause(delivery, later, "mta_stalled").remedy

    Process.objects.filter(kind="mta").update(progressed_at=later)
    assert codes(delivery, later) == []


@pytest.mark.usefixtures("everything_runs")
def test_an_idle_sender_is_not_stalled_by_what_has_just_become_due(now: datetime) -> None:
    later = now + timedelta(seconds=300)
    delivery = make_started(later)
    Process.objects.update(heartbeat_at=later)

    assert codes(delivery, later) == []


@pytest.mark.usefixtures("everything_runs")
def test_an_affinity_that_no_sender_serves_is_named(now: datetime) -> None:
    delivery = make_started(now, affinity=Affinity.objects.create(name="transactional"))

    assert codes(delivery, now) == ["affinity_unserved"]
    assert "./diffusion mta start --affinity transactional" in cause(delivery, now, "affinity_unserved").remedy

    make_process("mta", now, name="two", affinities=["transactional"])
    assert codes(delivery, now) == []


@pytest.mark.usefixtures("everything_runs")
def test_the_concurrency_limit_names_the_operations_that_hold_it(now: datetime) -> None:
    set_option("OPERATION_CONCURRENCY_LIMIT", 1)
    spring, summer = (Operation.objects.create(label=label) for label in ("Spring", "Summer"))
    make_started(now, operation=spring)
    waits = make_confirmed(now, operation=summer)
    start_due_deliveries(now)

    assert codes(waits, now) == ["concurrency_limit"]
    found = cause(waits, now, "concurrency_limit")
    assert "Spring" in found.detail
    assert "./diffusion option set OPERATION_CONCURRENCY_LIMIT 2" in found.remedy


@pytest.mark.usefixtures("everything_runs")
def test_a_paused_route_is_told_with_its_reason_until_it_is_over(now: datetime) -> None:
    delivery = make_started(now)
    until = now + timedelta(minutes=5)
    pause_route(ensure_default_route().pk, reason="535 bad credentials", now=now, until=until)

    assert codes(delivery, now) == ["route_paused"]
    assert "535 bad credentials" in cause(delivery, now, "route_paused").detail
    assert cause(delivery, now, "route_paused").until == until
    Process.objects.update(heartbeat_at=until, progressed_at=until)
    assert codes(delivery, until) == []


@pytest.mark.usefixtures("everything_runs")
def test_a_throttled_route_is_not_a_paused_one(now: datetime) -> None:
    route = Route.objects.create(label="Relay", url="smtp://relay", paused_until=now + timedelta(seconds=30))
    delivery = make_started(now, route=route)

    assert codes(delivery, now) == ["throttled"]
    assert cause(delivery, now, "throttled").until == route.paused_until


@pytest.mark.usefixtures("everything_runs")
def test_a_retry_is_told_with_the_instant_of_the_next_attempt(now: datetime) -> None:
    delivery = make_started(now)
    later = now + timedelta(minutes=15)
    give_back(claim(delivery, now), due_at=later)
    settle_due(now)

    assert codes(delivery, now) == ["retry_wait"]
    assert cause(delivery, now, "retry_wait").until == later


def test_an_analysis_without_worker_and_beat_waits_for_both(now: datetime) -> None:
    make_recipients(1)
    delivery = make_delivery(now)
    request_preparation(delivery=delivery, action=RequestedAction.PREPARE, now=now)

    assert codes(delivery, now) == ["worker_down", "beat_down"]
    assert "./diffusion worker" in cause(delivery, now, "worker_down").remedy
    assert "./diffusion beat" in cause(delivery, now, "beat_down").remedy


def test_causes_come_in_the_order_of_the_contract(now: datetime) -> None:
    set_option("OPERATION_CONCURRENCY_LIMIT", 1)
    spring, summer = (Operation.objects.create(label=label) for label in ("Spring", "Summer"))
    make_started(now, operation=spring)
    waits = make_confirmed(now, operation=summer)
    pause_route(ensure_default_route().pk, reason="closed", now=now)

    expected = ["no_mta", "concurrency_limit", "route_paused", "worker_down", "beat_down"]
    assert codes(waits, now) == expected
    assert pending_reasons([waits], now) == {waits.pk: "no_mta"}


@pytest.mark.usefixtures("everything_runs")
def test_a_paused_or_stopped_delivery_waits_for_nobody(now: datetime) -> None:
    paused, stopped = make_started(now), make_started(now)
    control.pause(paused, now=now)
    control.stop(stopped, now=now)

    assert (codes(paused, now), codes(stopped, now)) == ([], [])


def throttle(delivery: Delivery, until: datetime, receiver: str, reason: str) -> None:
    DeliveryPart.objects.filter(delivery=delivery).update(due_at=until, throttled_by=receiver, throttle_reason=reason)


@pytest.mark.usefixtures("everything_runs")
def test_a_throttled_receiver_is_told_by_its_label_with_the_reason_and_the_instant(now: datetime) -> None:
    delivery = make_started(now, people=2)
    until = now + timedelta(hours=7)
    throttle(delivery, until, "google", "The warm-up plan allows no more messages today.")

    found = cause(delivery, now, "throttled")

    assert codes(delivery, now) == ["throttled"]
    assert found.detail == ("Throttled by Google (Gmail, Workspace): The warm-up plan allows no more messages today.")
    assert found.until == until
    assert found.remedy.startswith("Wait")


@pytest.mark.usefixtures("everything_runs")
def test_a_paused_receiver_asks_somebody_to_look(now: datetime) -> None:
    delivery = make_started(now, people=2)
    route = ensure_default_route()
    pause_receiver(route.pk, "", "small.example", reason="550 5.7.1", now=now)
    throttle(delivery, now + timedelta(minutes=30), "small.example", "550 5.7.1")

    found = cause(delivery, now, "throttled")

    assert "small.example: 550 5.7.1" in found.detail
    assert "resume it" in found.remedy


@pytest.mark.usefixtures("everything_runs")
def test_when_the_throttled_part_is_due_nothing_is_waited_for(now: datetime) -> None:
    delivery = make_started(now, people=2)
    throttle(delivery, now + timedelta(minutes=1), "google", "")

    assert "throttled" not in codes(delivery, now + timedelta(minutes=1))


def test_a_page_of_deliveries_costs_what_one_costs(now: datetime, django_assert_max_num_queries: Any) -> None:
    deliveries = [make_started(now) for _ in range(10)]
    assert DeliveryPart.objects.count() == 10

    with django_assert_max_num_queries(8):
        assert set(pending_reasons(deliveries, now).values()) == {"no_mta"}
