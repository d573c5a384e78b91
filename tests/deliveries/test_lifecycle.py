"""What a delivery does by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from deliveries import ledger
from deliveries.confirmation import confirm
from deliveries.lifecycle import settle_delivery, settle_due, start_due_deliveries
from deliveries.models import Delivery, DeliveryKind, DeliveryState, MessageStatus
from installation.options import set_option
from operations.models import Operation
from recipients.models import Recipient
from recipients.vocabulary import FailureReason, FailureType
from tests.deliveries.factories import make_activity, run_once
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
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db


def test_a_confirmed_delivery_starts_when_its_contact_date_has_come(now: datetime) -> None:
    delivery = make_ready(now)
    confirm(delivery=delivery, now=now, contact_date=now + timedelta(hours=1))

    assert start_due_deliveries(now) == 0
    assert start_due_deliveries(now + timedelta(hours=1)) == 1
    assert state_of(delivery) == "in_progress"
    assert delivery.started_at == now + timedelta(hours=1)
    assert start_due_deliveries(now + timedelta(hours=2)) == 0


def _operations(count: int) -> list[Operation]:
    return [Operation.objects.create(label=f"Operation {number}") for number in range(count)]


def test_only_so_many_operations_send_at_once_and_the_first_confirmed_goes_first(now: datetime) -> None:
    set_option("OPERATION_CONCURRENCY_LIMIT", 1)
    first, second = _operations(2)
    later = make_confirmed(now + timedelta(seconds=1), operation=second)
    earlier = make_confirmed(now, operation=first)

    start_due_deliveries(now + timedelta(minutes=1))

    assert (state_of(earlier), state_of(later)) == ("in_progress", "start_pending")


def test_a_higher_priority_starts_before_an_earlier_confirmation(now: datetime) -> None:
    set_option("OPERATION_CONCURRENCY_LIMIT", 1)
    first, second = _operations(2)
    normal = make_confirmed(now, operation=first)
    urgent = make_confirmed(now + timedelta(seconds=1), operation=second, priority=20)

    start_due_deliveries(now + timedelta(minutes=1))

    assert (state_of(normal), state_of(urgent)) == ("start_pending", "in_progress")


def test_an_operation_that_sends_already_may_start_more(now: datetime) -> None:
    set_option("OPERATION_CONCURRENCY_LIMIT", 1)
    (operation,) = _operations(1)
    deliveries = [make_confirmed(now, operation=operation) for _ in range(2)]

    start_due_deliveries(now)

    assert [state_of(delivery) for delivery in deliveries] == ["in_progress", "in_progress"]


def test_proofs_and_deliveries_without_an_operation_neither_wait_nor_count(now: datetime) -> None:
    set_option("OPERATION_CONCURRENCY_LIMIT", 1)
    first, second, third = _operations(3)
    alone = make_started(now)
    proof = make_confirmed(now, operation=first)
    Delivery.objects.filter(pk=proof.pk).update(kind=DeliveryKind.PROOF)
    counted = make_confirmed(now, operation=second)
    waits = make_confirmed(now + timedelta(seconds=1), operation=third)

    start_due_deliveries(now + timedelta(minutes=1))

    states = [state_of(delivery) for delivery in (alone, proof, counted, waits)]
    assert states == ["in_progress", "in_progress", "in_progress", "start_pending"]


def test_the_next_operation_starts_when_one_has_finished(now: datetime) -> None:
    set_option("OPERATION_CONCURRENCY_LIMIT", 1)
    first, second = _operations(2)
    sending = make_started(now, operation=first)
    waits = make_confirmed(now, operation=second)

    part = claim(sending, now)
    record(rows_of(sending), MessageStatus.SENT, now)
    give_back(part)
    settle_due(now)
    start_due_deliveries(now)

    assert (state_of(sending), state_of(waits)) == ("finished", "in_progress")


def test_a_delivery_is_finished_when_every_row_has_its_outcome(now: datetime) -> None:
    delivery = make_started(now)
    part = claim(delivery, now)
    settle_delivery(delivery.pk, now=now)
    assert state_of(delivery) == "in_progress"

    record(rows_of(delivery), MessageStatus.SENT, now)
    give_back(part)

    assert settle_delivery(delivery.pk, now=now)
    assert state_of(delivery) == "finished"
    assert delivery.ended_at == now
    assert not settle_delivery(delivery.pk, now=now)


def test_a_delivery_whose_only_pending_rows_are_in_doubt_is_finished(now: datetime) -> None:
    delivery = make_started(now)
    part = claim(delivery, now)
    first, *others = rows_of(delivery)
    doubt(first, now)
    record(others, MessageStatus.SENT, now)
    give_back(part)

    settle_due(now)

    assert state_of(delivery) == "finished"
    assert delivery.in_doubt == 1
    assert ledger.check().ok


def test_a_delivery_with_nobody_left_to_write_to_finishes_as_soon_as_it_starts(now: datetime) -> None:
    make_recipients(2, denylist_email=True)
    delivery = make_started(now)

    settle_due(now)

    assert state_of(delivery) == "finished"


def test_what_is_to_be_tried_again_later_makes_the_delivery_wait_for_it(now: datetime) -> None:
    delivery = make_started(now)
    part = claim(delivery, now)
    give_back(part, due_at=now + timedelta(minutes=5))

    settle_due(now)
    assert state_of(delivery) == "retry_pending"
    settle_due(now + timedelta(minutes=4))
    assert state_of(delivery) == "retry_pending"
    settle_due(now + timedelta(minutes=5))
    assert state_of(delivery) == "in_progress"


def test_at_the_end_of_validity_what_was_tried_has_failed_and_what_was_not_is_cancelled(now: datetime) -> None:
    delivery = make_started(now, validity_days=1)
    part = claim(delivery, now)
    refused, full, _untried = rows_of(delivery)
    type(refused).objects.filter(pk__in=[refused.pk, full.pk]).update(attempts=2)
    type(full).objects.filter(pk=full.pk).update(
        failure_type=FailureType.SOFT, failure_reason=FailureReason.MAILBOX_FULL, failure_detail="452 full"
    )
    give_back(part, due_at=now + timedelta(minutes=5))

    settle_due(now + timedelta(days=1) - timedelta(seconds=1))
    assert statuses_of(delivery) == ["pending", "pending", "pending"]
    settle_due(now + timedelta(days=1))

    refused, full, _untried = rows_of(delivery)
    assert statuses_of(delivery) == ["failed", "failed", "cancelled"]
    assert (refused.failure_type, refused.failure_reason) == (FailureType.SOFT, FailureReason.UNREACHABLE)
    assert (full.failure_reason, full.failure_detail) == (FailureReason.MAILBOX_FULL, "452 full")
    assert state_of(delivery) == "finished"
    assert ledger.check().ok


def test_the_end_of_validity_leaves_claimed_parts_to_their_holder(now: datetime) -> None:
    delivery = make_started(now, validity_days=1)
    part = claim(delivery, now)

    settle_due(now + timedelta(days=2))
    assert statuses_of(delivery) == ["pending"] * 3
    assert state_of(delivery) == "in_progress"

    give_back(part, due_at=now)
    settle_due(now + timedelta(days=2))
    assert statuses_of(delivery) == ["cancelled"] * 3
    assert state_of(delivery) == "finished"


def test_unconfirmed_analyses_do_not_keep_a_continuous_delivery_at_work(now: datetime) -> None:
    people = make_recipients(4)
    activity = make_activity("continuous_delivery", action="prepare")
    delivery = run_once(activity, people[:2], now=now)
    confirm(delivery=delivery, now=now)
    start_due_deliveries(now)
    part = claim(delivery, now)
    run_once(activity, people, now=now + timedelta(days=1))
    record(list(part.delivery.broadlogs.filter(pk__lte=part.last_id)), MessageStatus.SENT, now)
    give_back(part)

    settle_due(now + timedelta(days=1))

    assert state_of(delivery) == "finished"
    assert statuses_of(delivery) == ["sent", "sent", "pending", "pending"]
    confirm(delivery=delivery, now=now + timedelta(days=1))
    assert state_of(delivery) == "start_pending"


def _people(count: int) -> None:
    for number in range(Recipient.objects.count() + 1, count + 1):
        make_recipient(number)


def test_the_number_of_queries_does_not_grow_with_the_audience(now: datetime) -> None:
    counts = []
    for people in (3, 300):
        _people(people)
        delivery = make_started(now, validity_days=1)
        with CaptureQueriesContext(connection) as captured:
            settle_delivery(delivery.pk, now=now + timedelta(days=1))
        assert delivery.broadlogs.filter(status=MessageStatus.CANCELLED).count() == people
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_one_delivery_that_cannot_be_settled_does_not_hold_up_the_others(
    now: datetime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from deliveries import lifecycle

    broken, sound = make_started(now), make_started(now)
    Delivery.objects.filter(pk=sound.pk).update(state=DeliveryState.PAUSING)
    real = lifecycle.settle_delivery

    def fail(delivery_id: int, *, now: datetime) -> bool:
        if delivery_id == broken.pk:
            raise RuntimeError("no way")
        return real(delivery_id, now=now)

    monkeypatch.setattr(lifecycle, "settle_delivery", fail)

    assert settle_due(now) == 1
    assert state_of(sound) == "paused"
    assert f"delivery {broken.pk} could not be settled" in caplog.text
