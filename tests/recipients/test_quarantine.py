from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recipients.models import Quarantine
from recipients.quarantine import AddressFailure, quarantined_addresses, record_failures, release
from recipients.vocabulary import FailureReason, FailureType

pytestmark = pytest.mark.django_db
Status = Quarantine.Status


def failure(address: str, *, channel: str = "email", text: str = "550 5.1.1", delivery: int = 7) -> AddressFailure:
    return AddressFailure(channel, address, FailureReason.USER_UNKNOWN, text, delivery, f"delivery {delivery}")


def test_a_hard_failure_quarantines_the_address_at_once_whatever_its_case(now: datetime) -> None:
    assert record_failures(failures=[failure("Ann@Example.org")], now=now) == 1

    row = Quarantine.objects.get()
    assert (row.address, row.status, row.error_count) == ("ann@example.org", Status.QUARANTINED, 1)
    assert (row.failure_type, row.failure_reason) == (FailureType.HARD, FailureReason.USER_UNKNOWN)
    assert (row.error_text, row.delivery_id, row.delivery_label) == ("550 5.1.1", 7, "delivery 7")
    assert row.last_error_at == row.created_at == now
    assert list(quarantined_addresses("email")) == ["ann@example.org"]
    assert list(quarantined_addresses("sms")) == []


def test_a_second_failure_counts_and_keeps_the_latest_reason(now: datetime) -> None:
    record_failures(failures=[failure("ann@example.org")], now=now)
    later = now + timedelta(days=1)

    again = record_failures(
        failures=[failure("ANN@example.org", text="a"), failure("ann@example.org", text="b", delivery=8)], now=later
    )

    row = Quarantine.objects.get()
    assert again == 0
    assert (row.error_count, row.error_text, row.delivery_id) == (3, "b", 8)
    assert (row.created_at, row.last_error_at, row.updated_at) == (now, later, later)


@pytest.mark.parametrize("status", [Status.ALLOWLISTED, Status.DENYLISTED])
def test_a_failure_never_overrides_a_persons_decision(status: int, now: datetime) -> None:
    Quarantine.objects.create(channel="email", address="ann@example.org", status=status)

    assert record_failures(failures=[failure("ann@example.org")], now=now) == 0

    row = Quarantine.objects.get()
    assert (row.status, row.error_count) == (status, 1)


def test_an_address_with_errors_is_quarantined_and_counted_as_new(now: datetime) -> None:
    Quarantine.objects.create(channel="email", address="ann@example.org", status=Status.WITH_ERRORS, error_count=2)

    assert record_failures(failures=[failure("ann@example.org")], now=now) == 1
    assert Quarantine.objects.get().error_count == 3


def test_one_address_on_two_channels_has_two_states(now: datetime) -> None:
    assert record_failures(failures=[failure("+33600000000", channel="sms"), failure("+33600000000")], now=now) == 2


def test_releasing_makes_quarantined_addresses_valid_and_leaves_the_others(now: datetime) -> None:
    record_failures(failures=[failure("ann@example.org"), failure("bob@example.org")], now=now)
    Quarantine.objects.create(channel="email", address="spam@example.org", status=Status.DENYLISTED)

    released = release(channel="email", addresses=["ANN@example.org", "spam@example.org", "nobody@x.org"], now=now)

    assert released == 1
    assert dict(Quarantine.objects.values_list("address", "status")) == {
        "ann@example.org": Status.VALID,
        "bob@example.org": Status.QUARANTINED,
        "spam@example.org": Status.DENYLISTED,
    }
    assert Quarantine.objects.get(address="ann@example.org").error_count == 0


def test_the_number_of_statements_does_not_grow_with_the_number_of_addresses(now: datetime) -> None:
    counts = []
    for size in (3, 300):
        with CaptureQueriesContext(connection) as queries:
            record_failures(failures=[failure(f"p{size}-{n}@x.org") for n in range(size)], now=now)
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert Quarantine.objects.count() == 303


def test_no_failure_touches_nothing(now: datetime) -> None:
    assert record_failures(failures=[], now=now) == 0
