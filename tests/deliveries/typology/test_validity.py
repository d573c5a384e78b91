"""The validity period."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.deliveries.typology.cases import faults

pytestmark = pytest.mark.django_db


def test_a_validity_that_is_over_is_a_fault(now: datetime) -> None:
    (sentence,) = faults("validity", now, contact_date=now - timedelta(days=5), validity_days=5)

    assert "before anything could be sent" in sentence


@pytest.mark.parametrize("days", [-4, 0, 30])
def test_a_validity_that_lies_ahead_is_none(now: datetime, days: int) -> None:
    assert faults("validity", now, contact_date=now + timedelta(days=days), validity_days=5) == []


def test_without_a_contact_date_it_begins_with_the_confirmation(now: datetime) -> None:
    assert faults("validity", now, contact_date=None) == []


def test_a_continuous_delivery_is_prolonged_anyway(now: datetime) -> None:
    assert faults("validity", now, contact_date=now - timedelta(days=99), kind="continuous") == []
