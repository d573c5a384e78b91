"""People without an address."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.deliveries.typology.cases import applies_to_proofs, reason_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("email", ["", " ", "   "])
def test_a_person_without_an_address_is_dropped(now: datetime, email: str) -> None:
    assert reason_of(now, email=email) == "address_not_specified"


def test_it_holds_for_proofs_too() -> None:
    assert applies_to_proofs("no_address")
