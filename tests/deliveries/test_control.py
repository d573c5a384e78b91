"""Pause, resume, stop: what a person does to a delivery on its way."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.errors import IllegalState
from common.states import IllegalMove
from deliveries import cancellation, control, ledger, lifecycle
from deliveries.confirmation import confirm
from deliveries.counters import move_counts
from deliveries.lifecycle import settle_due, start_due_deliveries
from deliveries.models import Delivery, DeliveryPart, DeliveryState, MessageStatus, PartState
from deliveries.participants import DeliveryParticipant
from deliveries.preparation.void import void_analysis
from operations.models import Operation, Workflow, WorkflowState
from operations.participants import participants
from tests.deliveries.factories import analyse, make_activity, make_delivery, run_once
from tests.deliveries.rows import (
    claim,
    doubt,
    give_back,
    make_confirmed,
    make_ready,
    make_started,
    record,
    rows_of,
    state_of,
    statuses_of,
)
from tests.factories import make_recipients

pytestmark = pytest.mark.django_db


def test_a_delivery_that_no_sender_holds_is_paused_at_once_and_goes_on_with_the_rest(now: datetime) -> None:
    delivery = make_started(now)

    control.pause(delivery, now=now)
    assert state_of(delivery) == "paused"

    control.resume(delivery, now=now)
    assert state_of(delivery) == "in_progress"
    assert statuses_of(delivery) == ["pending"] * 3


def test_a_pause_waits_for_the_part_that_is_being_sent(now: datetime) -> None:
    delivery = make_started(now)
    part = claim(delivery, now)

    control.pause(delivery, now=now)
    settle_due(now)
    assert state_of(delivery) == "pausing"

    give_back(part, due_at=now)
    settle_due(now)
    assert state_of(delivery) == "paused"


def test_a_pause_can_be_taken_back_before_it_took_effect(now: datetime) -> None:
    delivery = make_started(now)
    claim(delivery, now)
    control.pause(delivery, now=now)

    control.resume(delivery, now=now)

    assert state_of(delivery) == "in_progress"


def test_a_delivery_can_be_paused_before_it_starts(now: datetime) -> None:
    delivery = make_ready(now)
    confirm(delivery=delivery, now=now, contact_date=now + timedelta(hours=1))

    control.pause(delivery, now=now)
    start_due_deliveries(now + timedelta(hours=2))
    assert state_of(delivery) == "paused"

    control.resume(delivery, now=now + timedelta(hours=2))
    assert state_of(delivery) == "in_progress"


@pytest.mark.parametrize("act", [control.pause, control.resume])
def test_a_delivery_being_edited_can_be_neither_paused_nor_resumed(now: datetime, act: Callable[..., Any]) -> None:
    delivery = make_delivery(now)

    with pytest.raises(IllegalState, match="its state is “Being edited”"):
        act(delivery, now=now)

    assert state_of(delivery) == "edited"


def test_a_refusal_names_the_stop_that_is_under_way(now: datetime) -> None:
    delivery = make_started(now)
    claim(delivery, now)
    control.stop(delivery, now=now)

    with pytest.raises(control.UnableToPause, match="its stop has been requested"):
        control.pause(delivery, now=now)


def test_a_stop_cancels_at_once_what_no_sender_holds(now: datetime) -> None:
    delivery = make_started(now)
    first, *_others = rows_of(delivery)
    record([first], MessageStatus.SENT, now)

    control.stop(delivery, now=now + timedelta(minutes=1))

    assert state_of(delivery) == "stopped"
    assert delivery.stop_requested is False
    assert statuses_of(delivery) == ["sent", "cancelled", "cancelled"]
    assert (delivery.sent, delivery.cancelled, delivery.pending) == (1, 2, 0)
    assert delivery.ended_at == now + timedelta(minutes=1)
    assert not DeliveryPart.objects.exclude(state=PartState.DONE).exists()
    assert ledger.check().ok


def test_a_stop_leaves_claimed_parts_to_their_holder_and_is_complete_when_none_is_left(now: datetime) -> None:
    delivery = make_started(now)
    part = claim(delivery, now)

    control.stop(delivery, now=now)
    settle_due(now)
    assert (state_of(delivery), delivery.stop_requested) == ("in_progress", True)
    assert statuses_of(delivery) == ["pending"] * 3

    first, *others = rows_of(delivery)
    record([first], MessageStatus.SENT, now)
    record(others, MessageStatus.CANCELLED, now)
    give_back(part)
    settle_due(now)
    assert (state_of(delivery), delivery.stop_requested) == ("stopped", False)
    assert ledger.check().ok


def test_what_a_dead_holder_leaves_due_is_cancelled_by_the_next_settling(now: datetime) -> None:
    delivery = make_started(now)
    part = claim(delivery, now)
    control.stop(delivery, now=now)
    first, *_others = rows_of(delivery)
    doubt(first, now)

    give_back(part, due_at=now)
    settle_due(now)

    assert state_of(delivery) == "stopped"
    assert statuses_of(delivery) == ["pending", "cancelled", "cancelled"]
    assert (delivery.in_doubt, delivery.cancelled) == (1, 2)
    assert ledger.check().ok


def test_a_stop_that_was_interrupted_is_completed_by_the_sweep(now: datetime) -> None:
    delivery = make_started(now)
    Delivery.objects.filter(pk=delivery.pk).update(stop_requested=True)

    assert settle_due(now) == 1
    assert state_of(delivery) == "stopped"
    assert settle_due(now) == 0


@pytest.mark.parametrize("make", [make_delivery, make_ready, make_confirmed])
def test_a_delivery_that_never_started_is_stopped_directly(now: datetime, make: Callable[..., Delivery]) -> None:
    delivery = make(now)

    control.stop(delivery, now=now)

    assert state_of(delivery) == "stopped"
    assert set(statuses_of(delivery)) <= {"cancelled"}
    assert start_due_deliveries(now) == 0
    assert ledger.check().ok


def test_what_is_over_can_not_be_stopped_again(now: datetime) -> None:
    delivery = make_started(now)
    control.stop(delivery, now=now)

    with pytest.raises(control.UnableToStop, match="its state is “Stopped”"):
        control.stop(delivery, now=now)


def test_stopping_costs_the_same_for_three_people_and_for_three_hundred(now: datetime) -> None:
    from recipients.models import Recipient
    from tests.factories import make_recipient

    counts = []
    for people in (3, 300):
        for number in range(Recipient.objects.count() + 1, people + 1):
            make_recipient(number)
        delivery = make_started(now)
        with CaptureQueriesContext(connection) as captured:
            control.stop(delivery, now=now)
        assert delivery.cancelled == people
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_stopping_an_occurrence_leaves_the_series_alive(now: datetime) -> None:
    activity = make_activity("recurring_delivery", action="prepare")
    Workflow.objects.update(state=WorkflowState.STARTED)
    people = make_recipients(2)
    first = run_once(activity, people, now=now)

    control.stop(first, now=now)
    second = run_once(activity, people, now=now + timedelta(days=7))

    assert (state_of(first), state_of(second)) == ("stopped", "ready")
    assert (first.occurrence, second.occurrence) == (1, 2)
    assert Workflow.objects.get().state == WorkflowState.STARTED
    assert "next run" in control.stop_consequence(first)


def test_stopping_the_series_stops_the_occurrence_and_its_workflow(now: datetime) -> None:
    activity = make_activity("recurring_delivery", action="prepare")
    Workflow.objects.update(state=WorkflowState.STARTED)
    occurrence = run_once(activity, make_recipients(2), now=now)

    control.stop(occurrence, now=now, scope="series")

    assert state_of(occurrence) == "stopped"
    assert Workflow.objects.get().state == WorkflowState.FINISHED
    with pytest.raises(control.UnableToStop, match="over"):
        control.stop(occurrence, now=now, scope="series")


def test_only_a_recurring_delivery_has_a_series_to_stop(now: datetime) -> None:
    delivery = make_started(now)

    with pytest.raises(control.NotASeries):
        control.stop(delivery, now=now, scope="series")
    with pytest.raises(control.UnknownScope):
        control.stop(delivery, now=now, scope="everything")

    assert state_of(delivery) == "in_progress"


def test_a_stopped_continuous_delivery_says_what_becomes_of_later_runs(now: datetime) -> None:
    activity = make_activity("continuous_delivery", action="prepare_and_start")
    delivery = run_once(activity, make_recipients(2), now=now)
    start_due_deliveries(now)
    record(rows_of(delivery), MessageStatus.SENT, now)
    give_back(claim(delivery, now))
    settle_due(now)
    assert state_of(delivery) == "finished"

    control.stop(delivery, now=now)

    assert state_of(delivery) == "stopped"
    assert "later runs" in control.stop_consequence(delivery)


def test_the_end_of_an_operation_stops_its_deliveries_and_can_be_repeated(now: datetime) -> None:
    operation = Operation.objects.create(label="Spring")
    running, waiting = (make_confirmed(now, operation=operation) for _ in range(2))
    elsewhere = make_confirmed(now)
    assert DeliveryParticipant().busy(operation.pk) == 2

    participant = participants.get("deliveries")
    assert participant.stop(operation.pk, now=now) == 2
    assert participant.stop(operation.pk, now=now) == 0
    assert participant.busy(operation.pk) == 0

    assert [state_of(row) for row in (running, waiting, elsewhere)] == ["stopped", "stopped", "start_pending"]


def test_an_operation_with_many_deliveries_ends_in_few_statements_and_the_sweep_does_the_rest(
    now: datetime, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    operation = Operation.objects.create(label="Spring")
    deliveries = [make_confirmed(now, operation=operation) for _ in range(8)]
    monkeypatch.setattr(control, "PATIENCE", 0)

    with django_assert_max_num_queries(30):
        assert participants.get("deliveries").stop(operation.pk, now=now) == 8

    assert Delivery.objects.filter(stop_requested=True).count() >= 6
    settle_due(now)
    assert {state_of(delivery) for delivery in deliveries} == {"stopped"}
    assert ledger.check().ok


def test_a_stop_of_many_messages_is_left_to_the_sweep_which_shows_how_far_it_is(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "AT_ONCE", 2)
    monkeypatch.setattr(lifecycle, "AT_ONCE", 2)
    monkeypatch.setattr(cancellation, "PARTS_AT_ONCE", 1)
    delivery = make_started(now, people=4)
    (part,) = DeliveryPart.objects.filter(delivery=delivery)
    middle = part.first_id + 1
    DeliveryPart.objects.filter(pk=part.pk).update(last_id=middle, size=2)
    later = DeliveryPart.objects.get(pk=part.pk)
    later.pk, later.first_id, later.last_id = None, middle + 1, part.last_id
    later.save()
    shown: list[int] = []

    def move_and_tell(delivery_id: int, deltas: dict[str, int]) -> None:
        move_counts(delivery_id, deltas)
        shown.append(deltas["cancelled"])

    monkeypatch.setattr(cancellation, "move_counts", move_and_tell)

    control.stop(delivery, now=now)
    delivery.refresh_from_db()
    assert (delivery.stop_requested, delivery.pending, shown) == (True, 4, [])

    settle_due(now)
    assert (state_of(delivery), delivery.cancelled, shown) == ("stopped", 4, [2, 2, 0])
    assert ledger.check().ok


def _sender(delivery: Delivery, now: datetime, chance: random.Random) -> None:
    """Claim, send some, and give back; as far as the delivery lets it."""
    open_parts = DeliveryPart.objects.filter(delivery=delivery)
    held = open_parts.filter(state=PartState.CLAIMED).first()
    if held is None:
        if delivery.state == DeliveryState.IN_PROGRESS and open_parts.filter(state=PartState.DUE).exists():
            claim(delivery, now)
        return
    pending = [row for row in rows_of(delivery) if row.status == MessageStatus.PENDING and not row.in_doubt_since]
    for row in pending[: chance.randint(0, 2)]:
        record([row], chance.choice([MessageStatus.SENT, MessageStatus.FAILED]), now)
    left = [row for row in rows_of(delivery) if row.status == MessageStatus.PENDING and not row.in_doubt_since]
    if left and chance.random() < 0.2:
        doubt(left.pop(), now)
    give_back(held, due_at=now if left else None)


@pytest.mark.parametrize("seed", range(25))
def test_whatever_is_asked_in_whatever_order_moves_are_legal_and_the_ledger_adds_up(now: datetime, seed: int) -> None:
    chance = random.Random(seed)
    make_recipients(5)
    delivery = make_delivery(now, validity_days=1)
    actions: list[Callable[[datetime], object]] = [
        lambda at: analyse(delivery, now=at),
        lambda at: void_analysis(delivery, now=at),
        lambda at: confirm(delivery=delivery, now=at),
        lambda at: start_due_deliveries(at),
        lambda at: control.pause(delivery, now=at),
        lambda at: control.resume(delivery, now=at),
        lambda at: settle_due(at),
        lambda at: _sender(delivery, at, chance),
        lambda at: _sender(delivery, at, chance),
    ]
    for step in range(30):
        at = now + timedelta(hours=step)
        before = state_of(delivery)
        act = (
            chance.choice(actions) if step < 25 or chance.random() < 0.7 else lambda at: control.stop(delivery, now=at)
        )
        try:
            act(at)
        except IllegalMove:
            raise
        except IllegalState:
            assert state_of(delivery) == before
        delivery.refresh_from_db()
        result = ledger.check()
        assert result.ok, result.document()
        assert delivery.targeted == sum(getattr(delivery, name) for name in Delivery.STATUS_COUNTERS)
