"""Messages per minute: counted in the transaction of their outcomes, once each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from deliveries.models import DeliveryMinute
from deliveries.mta.claims import claim_part
from deliveries.mta.fates import Fate, Outcome
from deliveries.mta.outcomes import LeaseLost, close_part, write_outcomes
from tests.deliveries.rows import make_started

pytestmark = pytest.mark.django_db


def test_each_outcome_counts_once_and_neither_a_retry_nor_a_doubt_is_processed() -> None:
    delivery = make_started(timezone.now() - timedelta(minutes=1), people=5)
    claim = claim_part(uid="me", affinities=[])
    assert claim is not None
    numbers = [row.broadlog_id for row in claim.rows]
    sent = [Outcome(number, Fate.SENT, 1) for number in numbers[:2]]
    failed = Outcome(numbers[2], Fate.FAILED, 1, 1, 1)
    others = [Outcome(numbers[3], Fate.RETRY, 1), Outcome(numbers[4], Fate.IN_DOUBT, 1)]

    write_outcomes(claim.key, sent)
    write_outcomes(claim.key, [*sent, failed])
    close_part(claim.key, others, fates={Fate.RETRY: 1, Fate.IN_DOUBT: 1})

    rows = DeliveryMinute.objects.filter(delivery=delivery)
    assert sum(row.processed for row in rows) == 3
    assert sum(row.succeeded for row in rows) == 2
    assert all(row.minute.second == 0 == row.minute.microsecond for row in rows)


def test_outcomes_that_come_after_the_lease_count_nothing() -> None:
    delivery = make_started(timezone.now() - timedelta(minutes=1))
    claim = claim_part(uid="me", affinities=[])
    assert claim is not None
    close_part(claim.key, [], fates={})

    with pytest.raises(LeaseLost):
        write_outcomes(claim.key, [Outcome(claim.rows[0].broadlog_id, Fate.SENT, 1)])

    assert not DeliveryMinute.objects.filter(delivery=delivery).exists()
