"""Addresses in quarantine."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.deliveries.factories import quarantine
from tests.deliveries.typology.cases import applies_to_proofs, reason_of

pytestmark = pytest.mark.django_db


def test_a_quarantined_address_is_dropped_whatever_its_case(now: datetime) -> None:
    quarantine("ada@example.com")

    assert reason_of(now, email="ADA@example.com") == "quarantined"


def test_another_address_of_the_domain_is_kept(now: datetime) -> None:
    quarantine("ada@example.com")

    assert reason_of(now, email="bob@example.com") == "pending"


def test_proofs_keep_them() -> None:
    assert not applies_to_proofs("quarantined")
