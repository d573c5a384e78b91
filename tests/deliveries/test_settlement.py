"""Rows in doubt are settled by a person: assumed sent, or sent again; the account adds up either way."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from deliveries.ledger import check
from deliveries.lifecycle import settle_delivery
from deliveries.models import Broadlog, Delivery, DeliveryPart, DeliveryState, MessageStatus, PartState
from deliveries.mta.claims import claim_part
from deliveries.settlement import CANCELLED, Failure, NothingInDoubt, UnableToResend, UnknownDecision, settle_in_doubt
from recipients.models import Quarantine
from recipients.vocabulary import FailureReason, FailureType
from tests.deliveries.rows import claim, doubt, give_back, make_started, record, rows_of, state_of, statuses_of

pytestmark = pytest.mark.django_db


def make_doubtful(now: datetime) -> Delivery:
    """Finished: one sent, two in doubt."""
    delivery = make_started(now)
    part = claim(delivery, now)
    sent, *others = rows_of(delivery)
    record([sent], MessageStatus.SENT, now)
    for row in others:
        doubt(row, now)
    give_back(part)
    settle_delivery(delivery.pk, now=now)
    delivery.refresh_from_db()
    return delivery


def ok(delivery: Delivery) -> bool:
    return check([delivery.pk]).ok


def test_assuming_them_sent_leaves_the_delivery_finished_and_its_account_right(now: datetime) -> None:
    delivery = make_doubtful(now)

    assert settle_in_doubt(delivery, decision="sent", now=now) == 2

    assert (state_of(delivery), delivery.sent, delivery.in_doubt) == ("finished", 3, 0)
    assert statuses_of(delivery) == ["sent"] * 3
    assert ok(delivery)


def test_sending_them_again_opens_the_delivery_and_its_part_for_these_rows_alone() -> None:
    now = timezone.now() - timedelta(minutes=1)
    delivery = make_doubtful(now)
    _sent, *doubtful = rows_of(delivery)

    assert settle_in_doubt(delivery, decision="resend", now=now) == 2

    assert (state_of(delivery), delivery.pending, delivery.in_doubt) == ("in_progress", 2, 0)
    found = claim_part(uid="me", affinities=[])
    assert found is not None
    assert [row.broadlog_id for row in found.rows] == [row.pk for row in doubtful]
    assert ok(delivery)


def test_one_row_is_settled_and_the_others_stay_in_doubt(now: datetime) -> None:
    delivery = make_doubtful(now)
    _sent, first, other = rows_of(delivery)

    settle_in_doubt(delivery, decision="resend", now=now, broadlogs=[first.pk])
    settle_in_doubt(delivery, decision="sent", now=now, broadlogs=[other.pk])

    assert (delivery.pending, delivery.in_doubt, delivery.sent) == (1, 0, 2)
    assert ok(delivery)


def test_a_row_of_another_delivery_is_not_touched(now: datetime) -> None:
    delivery, other = make_doubtful(now), make_doubtful(now)

    with pytest.raises(NothingInDoubt):
        settle_in_doubt(delivery, decision="sent", now=now, broadlogs=[rows_of(other)[1].pk])

    other.refresh_from_db()
    assert other.in_doubt == 2


def test_settling_twice_is_refused_the_second_time(now: datetime) -> None:
    delivery = make_doubtful(now)
    settle_in_doubt(delivery, decision="sent", now=now)

    with pytest.raises(NothingInDoubt):
        settle_in_doubt(delivery, decision="resend", now=now)
    assert ok(delivery)


def test_an_unknown_decision_is_refused_by_name(now: datetime) -> None:
    with pytest.raises(UnknownDecision, match="maybe"):
        settle_in_doubt(make_doubtful(now), decision="maybe", now=now)


@pytest.mark.parametrize("state", [85, 87])
def test_a_delivery_that_was_stopped_sends_nothing_again(now: datetime, state: int) -> None:
    delivery = make_doubtful(now)
    Delivery.objects.filter(pk=delivery.pk).update(state=state)

    with pytest.raises(UnableToResend):
        settle_in_doubt(delivery, decision="resend", now=now)

    assert Broadlog.objects.filter(delivery=delivery, in_doubt_since__isnull=False).count() == 2
    assert DeliveryPart.objects.get(delivery=delivery).state == PartState.DONE
    settle_in_doubt(delivery, decision="sent", now=now)
    assert ok(delivery)


def test_after_the_validity_nothing_is_sent_again(now: datetime) -> None:
    delivery = make_doubtful(now)

    with pytest.raises(UnableToResend, match="validity"):
        settle_in_doubt(delivery, decision="resend", now=now + timedelta(days=30))


def test_the_api_settles_and_says_how_many(admin_client: Client, now: datetime) -> None:
    delivery = make_doubtful(now)
    url = f"/api/v1/deliveries/{delivery.pk}/settle/"

    answer: Any = admin_client.post(url, {"decision": "sent"}, content_type="application/json")

    assert answer.status_code == 200, answer.content
    assert (answer.json()["settled"], answer.json()["counts"]["in_doubt"]) == (2, 0)
    again = admin_client.post(url, {"decision": "sent"}, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "illegal_state")
    assert admin_client.post(url, {"decision": "maybe"}, content_type="application/json").status_code == 400


def test_assuming_them_failed_blames_no_address(now: datetime) -> None:
    delivery = make_doubtful(now)

    assert settle_in_doubt(delivery, decision="failed", now=now) == 2

    assert statuses_of(delivery) == ["sent", "failed", "failed"]
    failed = Broadlog.objects.filter(delivery=delivery, status=MessageStatus.FAILED)
    assert set(failed.values_list("failure_type", "failure_reason")) == {
        (FailureType.UNDEFINED, FailureReason.OUTCOME_UNKNOWN)
    }
    assert not Quarantine.objects.exists()
    assert ok(delivery)


def test_a_failure_that_is_known_says_why(now: datetime) -> None:
    delivery = make_doubtful(now)
    failure = Failure(FailureType.HARD, FailureReason.USER_UNKNOWN, "550 5.1.1 nobody here")

    settle_in_doubt(delivery, decision="failed", now=now, failure=failure)

    row = rows_of(delivery)[-1]
    assert (row.failure_type, row.failure_reason, row.failure_detail) == (1, 1, "550 5.1.1 nobody here")


def test_what_is_known_never_to_have_left_a_stopped_delivery_is_cancelled(now: datetime) -> None:
    delivery = make_doubtful(now)
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.STOPPED)

    assert settle_in_doubt(delivery, decision=CANCELLED, now=now) == 2

    assert statuses_of(delivery) == ["sent", "cancelled", "cancelled"]
    assert ok(delivery)
