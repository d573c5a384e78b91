"""The account, recomputed from the rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from deliveries import ledger
from deliveries.models import Broadlog, Delivery, MessageStatus
from tests.deliveries.factories import analyse, make_delivery
from tests.deliveries.rows import doubt, make_ready, make_started, record, rows_of
from tests.factories import make_recipient, make_recipients

pytestmark = pytest.mark.django_db


def test_every_status_is_counted_from_the_rows(now: datetime) -> None:
    make_recipients(4)
    make_recipient(5, denylist_email=True)
    delivery = make_started(now)
    sent, failed, doubtful, *_ = rows_of(delivery)
    record([sent], MessageStatus.SENT, now)
    record([failed], MessageStatus.FAILED, now)
    doubt(doubtful, now)

    result = ledger.check()

    assert result.ok
    (line,) = result.document()["lines"]
    assert line["delivery"] == delivery.pk
    expected = {"targeted": 5, "ignored": 1, "pending": 1, "in_doubt": 1, "sent": 1, "failed": 1, "difference": 0}
    assert {name: line[name] for name in expected} == expected
    assert line["targeted"] == sum(line[name] for name in Delivery.STATUS_COUNTERS)


def test_a_counter_that_differs_from_the_rows_is_named_with_the_difference(now: datetime) -> None:
    delivery = make_ready(now)
    Delivery.objects.filter(pk=delivery.pk).update(sent=2)

    result = ledger.check([delivery.pk])

    assert not result.ok
    assert result.lines[0].differences == {"sent": 2}
    assert result.lines[0].document()["difference"] == 2


def test_a_row_that_vanished_is_missed_by_the_counters_and_by_the_analysis(now: datetime) -> None:
    delivery = make_ready(now)
    Broadlog.objects.filter(pk=rows_of(delivery)[0].pk).delete()

    (line,) = ledger.check().lines

    assert line.differences == {"pending": 1, "targeted": 1, "analyses": 1}


def test_exclusions_without_rows_are_kept_as_counts(now: datetime) -> None:
    make_recipients(2)
    make_recipient(3, denylist_email=True)
    delivery = make_delivery(now, keep_ignored=False)
    analyse(delivery, now=now)

    result = ledger.check()

    assert result.ok, result.document()
    assert result.lines[0].kept_as_counts == 1
    assert Broadlog.objects.count() == 2


def test_rows_of_no_delivery_are_reported(now: datetime) -> None:
    delivery = make_ready(now, people=2)
    Broadlog.objects.update(delivery=delivery.pk + 1000)
    Delivery.objects.filter(pk=delivery.pk).update(targeted=0, pending=0)

    result = ledger.check()

    assert not result.ok
    assert result.orphans["without_delivery"] == 2


def test_the_whole_ledger_costs_the_same_for_one_delivery_and_for_ten(
    now: datetime, django_assert_max_num_queries: Any
) -> None:
    make_recipients(2)
    for _ in range(10):
        make_ready(now)

    with django_assert_max_num_queries(5):
        assert len(ledger.check().lines) == 10
