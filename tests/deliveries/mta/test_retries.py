from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from deliveries.cancellation import expire_unclaimed
from deliveries.models import DeliveryPart, MessageStatus
from deliveries.mta import claims, outcomes
from deliveries.mta.claims import claim_part
from deliveries.mta.fates import Fate, outcome_of
from deliveries.mta.retries import next_attempt_at
from recipients.models import Quarantine
from recipients.vocabulary import FailureReason, FailureType
from tests.deliveries.mta.connectors import MAILBOX_FULL, NO_CONNECTION
from tests.deliveries.mta.factories import make_sending, rows_of

PLAN = (5, 15, 30, 60, 120)


@pytest.mark.parametrize(("attempt", "minutes"), [(0, 5), (1, 15), (2, 30), (3, 60), (4, 120), (50, 120)])
def test_the_pauses_grow_and_then_stay_at_two_hours(attempt: int, minutes: int, now: datetime) -> None:
    assert next_attempt_at(attempt, now=now, spread=0) == now + timedelta(minutes=minutes)


def test_the_pause_is_spread_by_a_fifth_on_either_side(now: datetime) -> None:
    assert next_attempt_at(0, now=now, spread=-1) == now + timedelta(minutes=4)
    assert next_attempt_at(0, now=now, spread=1) == now + timedelta(minutes=6)
    instants = {next_attempt_at(0, now=now) for _number in range(20)}
    assert len(instants) > 1
    assert all(timedelta(minutes=4) <= at - now <= timedelta(minutes=6) for at in instants)


def test_a_full_mailbox_is_given_hours(now: datetime) -> None:
    full = {FailureReason.MAILBOX_FULL}

    assert next_attempt_at(0, now=now, reasons=full, spread=0) == now + timedelta(hours=1)
    assert next_attempt_at(9, now=now, reasons=full, spread=0) == now + timedelta(hours=6)
    assert next_attempt_at(0, now=now, reasons={*full, FailureReason.UNREACHABLE}, spread=0) == now + timedelta(
        minutes=5
    )


class _Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.mark.usefixtures("channel", "db")
def test_d24_attempts_follow_the_plan_until_the_validity_ends_as_unreachable_with_the_last_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delivery = make_sending(3)
    part = DeliveryPart.objects.get()
    clock = _Clock(part.due_at)
    monkeypatch.setattr(claims, "database_now", clock)
    monkeypatch.setattr(outcomes, "database_now", clock)
    assert delivery.valid_until is not None

    waits = []
    while claim := claim_part(uid="one", affinities=[]):
        tried = [outcome_of(row.broadlog_id, claim.attempt + 1, NO_CONNECTION) for row in claim.rows]
        outcomes.close_part(claim.key, tried, fates={Fate.RETRY: len(tried)})
        part.refresh_from_db()
        waits.append((part.due_at - clock.now) / timedelta(minutes=1))
        clock.now = part.due_at
    expire_unclaimed(delivery.pk, now=delivery.valid_until)

    planned = [*PLAN, *[120] * len(waits)][: len(waits)]
    assert all(0.8 * plan <= wait <= 1.2 * plan for wait, plan in zip(waits, planned, strict=True))
    assert 45 <= len(waits) <= 80
    for row in rows_of(delivery):
        assert (row.status, row.failure_reason) == (MessageStatus.FAILED, FailureReason.UNREACHABLE)
        assert (row.failure_type, row.failure_detail) == (FailureType.SOFT, "connection refused")
    assert not Quarantine.objects.filter(status=Quarantine.Status.QUARANTINED).exists()


@pytest.mark.usefixtures("channel", "db")
def test_a_part_of_full_mailboxes_waits_an_hour() -> None:
    make_sending(2)
    claim = claim_part(uid="one", affinities=[])
    assert claim is not None

    tried = [outcome_of(row.broadlog_id, 1, MAILBOX_FULL) for row in claim.rows]
    outcomes.close_part(claim.key, tried, fates={Fate.RETRY: 2})

    part = DeliveryPart.objects.get()
    assert part.due_at - timezone.now() > timedelta(minutes=47)
