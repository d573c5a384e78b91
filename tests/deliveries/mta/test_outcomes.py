from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deliveries.counters import count_rows
from deliveries.models import Broadlog, Delivery, DeliveryPart, DeliveryState, MessageStatus, PartState
from deliveries.mta.claims import Claim, claim_part
from deliveries.mta.fates import Fate, Outcome, in_doubt, not_rendered, nothing_to_send, outcome_of
from deliveries.mta.journal import PartKey
from deliveries.mta.outcomes import LeaseLost, close_part, renew_leases, write_outcomes
from recipients.models import Quarantine
from recipients.vocabulary import FailureReason, FailureType
from tests.deliveries.mta.connectors import ACCEPTED, MAILBOX_FULL, MESSAGE_REFUSED, NO_CONNECTION, USER_UNKNOWN
from tests.deliveries.mta.factories import counters, make_sending, rows_of, statuses

pytestmark = pytest.mark.usefixtures("channel", "db")


def claimed(delivery: Delivery) -> Claim:
    claim = claim_part(uid="one", affinities=[])
    assert claim is not None
    assert claim.delivery_id == delivery.pk
    return claim


def close(claim: Claim, outcomes: list[Outcome]) -> None:
    close_part(claim.key, outcomes, fates=Counter(outcome.fate for outcome in outcomes))


def each_kind(claim: Claim) -> list[Outcome]:
    one, two, three, four, five, six = (row.broadlog_id for row in claim.rows)
    return [
        outcome_of(one, 1, ACCEPTED),
        outcome_of(two, 1, USER_UNKNOWN),
        outcome_of(three, 1, MAILBOX_FULL),
        in_doubt(four, 1, "no reply"),
        not_rendered(five, 1, "line 3"),
        nothing_to_send(six, 1),
    ]


def test_each_outcome_becomes_its_status_with_its_reason() -> None:
    delivery = make_sending(6)
    claim = claimed(delivery)

    write_outcomes(claim.key, each_kind(claim))

    assert statuses(delivery) == ["sent", "failed", "pending", "in_doubt", "failed", "not_applicable"]
    rows = rows_of(delivery)
    assert [row.failure_reason for row in rows] == [
        None,
        FailureReason.USER_UNKNOWN,
        FailureReason.MAILBOX_FULL,
        FailureReason.OUTCOME_UNKNOWN,
        FailureReason.PERSONALISATION,
        None,
    ]
    assert [row.failure_type for row in rows[1:3]] == [FailureType.HARD, FailureType.SOFT]
    assert [row.failure_detail for row in rows[1:5]] == [
        "550 5.1.1 no such user",
        "452 4.2.2 full",
        "no reply",
        "line 3",
    ]
    assert [row.attempts for row in rows] == [1] * 6


def test_the_counters_are_those_of_the_rows() -> None:
    delivery = make_sending(6)
    claim = claimed(delivery)

    write_outcomes(claim.key, each_kind(claim))

    assert counters(delivery) == {"sent": 1, "failed": 2, "pending": 1, "in_doubt": 1, "not_applicable": 1}
    assert {name: number for name, number in count_rows(delivery.pk).items() if number} == {
        "targeted": 6,
        **counters(delivery),
    }


def test_applying_outcomes_twice_changes_nothing_more() -> None:
    delivery = make_sending(6)
    claim = claimed(delivery)
    write_outcomes(claim.key, each_kind(claim))
    before = Broadlog.objects.order_by("pk").values("status", "attempts", "in_doubt_since", "failure_detail")
    rows, numbers = list(before), counters(delivery)

    write_outcomes(claim.key, each_kind(claim))

    assert list(before.all()) == rows
    assert counters(delivery) == numbers


def test_a_row_that_is_no_longer_pending_keeps_its_status() -> None:
    delivery = make_sending(1)
    claim = claimed(delivery)
    Broadlog.objects.update(status=MessageStatus.CANCELLED)
    Delivery.objects.update(pending=0, cancelled=1)

    write_outcomes(claim.key, [outcome_of(claim.rows[0].broadlog_id, 1, ACCEPTED)])

    assert statuses(delivery) == ["cancelled"]
    assert counters(delivery) == {"cancelled": 1}


@pytest.mark.parametrize("act", [write_outcomes, close_part], ids=["write", "close"])
def test_a_zombie_writes_nothing(act: object) -> None:
    delivery = make_sending(1)
    claim = claimed(delivery)
    stale = PartKey(claim.key.part_id, uuid4())
    outcomes = [outcome_of(claim.rows[0].broadlog_id, 1, ACCEPTED)]

    with pytest.raises(LeaseLost):
        if act is close_part:
            close_part(stale, outcomes, fates={})
        else:
            write_outcomes(stale, outcomes)

    assert statuses(delivery) == ["pending"]
    assert DeliveryPart.objects.get().claim_token == claim.key.token


def test_only_what_is_still_ours_is_renewed() -> None:
    claim = claimed(make_sending(1))
    DeliveryPart.objects.update(lease_until=timezone.now())
    stale = PartKey(claim.key.part_id, uuid4())

    assert renew_leases([claim.key, stale]) == {claim.key}

    lease = DeliveryPart.objects.get().lease_until
    assert lease is not None
    assert lease > timezone.now() + timedelta(minutes=14)


def test_a_dead_address_is_quarantined_at_once_and_a_refused_message_blames_nobody() -> None:
    delivery = make_sending(2)
    claim = claimed(delivery)
    first, second = (row.broadlog_id for row in claim.rows)

    write_outcomes(claim.key, [outcome_of(first, 1, USER_UNKNOWN), outcome_of(second, 1, MESSAGE_REFUSED)])

    quarantined = Quarantine.objects.get()
    assert quarantined.address == "person1@example.com"
    assert quarantined.failure_reason == FailureReason.USER_UNKNOWN
    assert (quarantined.delivery_id, quarantined.delivery_label) == (delivery.pk, "Autumn")


def test_a_part_whose_rows_are_all_settled_is_done() -> None:
    claim = claimed(make_sending(6))

    close(claim, [outcome for outcome in each_kind(claim) if outcome.fate is not Fate.RETRY])
    # The third row is still pending: it was never tried.
    assert DeliveryPart.objects.get().state == PartState.DUE

    again = claim_part(uid="two", affinities=[])
    assert again is not None
    close(again, [outcome_of(again.rows[0].broadlog_id, 1, ACCEPTED)])
    part = DeliveryPart.objects.get()
    assert (part.state, part.claim_token, part.claimed_by) == (PartState.DONE, None, "")


def test_a_part_with_messages_refused_for_now_is_due_again_later() -> None:
    claim = claimed(make_sending(2))
    first, second = (row.broadlog_id for row in claim.rows)

    close(claim, [outcome_of(first, 1, ACCEPTED), outcome_of(second, 1, NO_CONNECTION)])

    part = DeliveryPart.objects.get()
    assert (part.state, part.attempt) == (PartState.DUE, 1)
    assert timedelta(minutes=3.9) < part.due_at - timezone.now() < timedelta(minutes=6.1)


def test_messages_never_tried_do_not_wait_for_those_refused_for_now() -> None:
    claim = claimed(make_sending(2))

    close(claim, [outcome_of(claim.rows[0].broadlog_id, 1, MAILBOX_FULL)])

    part = DeliveryPart.objects.get()
    assert (part.state, part.attempt) == (PartState.DUE, 0)
    assert part.due_at <= timezone.now()


def test_success_after_a_soft_failure_clears_the_reason() -> None:
    delivery = make_sending(1)
    claim = claimed(delivery)
    number = claim.rows[0].broadlog_id
    write_outcomes(claim.key, [outcome_of(number, 1, MAILBOX_FULL)])

    write_outcomes(claim.key, [outcome_of(number, 2, ACCEPTED)])

    row = rows_of(delivery)[0]
    assert (row.status, row.failure_type, row.failure_reason, row.failure_detail) == (
        MessageStatus.SENT,
        None,
        None,
        "",
    )
    assert row.attempts == 2


@pytest.mark.parametrize("values", [{"stop_requested": True}, {"state": DeliveryState.STOPPED}])
def test_the_rest_of_a_stopped_delivery_is_cancelled_by_the_holder(values: dict[str, object]) -> None:
    delivery = make_sending(3)
    claim = claimed(delivery)
    Delivery.objects.update(**values)

    close(claim, [outcome_of(claim.rows[0].broadlog_id, 1, ACCEPTED), in_doubt(claim.rows[1].broadlog_id, 1)])

    assert statuses(delivery) == ["sent", "in_doubt", "cancelled"]
    assert counters(delivery) == {"sent": 1, "in_doubt": 1, "cancelled": 1}
    assert DeliveryPart.objects.get().state == PartState.DONE


def test_a_delivery_that_asks_for_it_sends_doubtful_messages_again() -> None:
    delivery = make_sending(1, in_doubt_policy="resend")
    claim = claimed(delivery)

    close(claim, [in_doubt(claim.rows[0].broadlog_id, 1)])

    assert statuses(delivery) == ["pending"]
    assert counters(delivery) == {"pending": 1}
    part = DeliveryPart.objects.get()
    assert part.state == PartState.DUE
    assert part.due_at > timezone.now()


def test_a_batch_takes_the_same_number_of_queries_whatever_its_size() -> None:
    numbers = []
    for count in (3, 300):
        claim = claimed(make_sending(count))
        outcomes = [outcome_of(row.broadlog_id, 1, ACCEPTED) for row in claim.rows]
        with CaptureQueriesContext(connection) as queries:
            close(claim, outcomes)
        # SQLite reports an executemany as one entry per row; PostgreSQL's single statement is one.
        numbers.append(len([query for query in queries if "deliveries_broadlog" not in query["sql"]]))

    assert numbers[0] == numbers[1]


def test_a_reply_with_a_nul_can_be_stored() -> None:
    delivery = make_sending(1)
    claim = claimed(delivery)

    write_outcomes(claim.key, [in_doubt(claim.rows[0].broadlog_id, 1, "half\x00reply")])

    assert statuses(delivery) == ["in_doubt"]
