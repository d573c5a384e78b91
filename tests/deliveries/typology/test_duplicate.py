"""One message for each address."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.deliveries.typology.cases import applies_to_proofs, reason_of
from tests.factories import make_recipient

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.com", " ada@example.com "])
def test_a_second_person_with_the_address_is_dropped(now: datetime, email: str) -> None:
    make_recipient(email="Ada@example.com")

    assert reason_of(now, email=email) == "double"


def test_a_person_dropped_for_another_reason_leaves_the_address_to_the_next(now: datetime) -> None:
    make_recipient(email="ada@example.com", denylist_email=True)

    assert reason_of(now, email="ada@example.com") == "pending"


def test_proofs_keep_duplicates() -> None:
    assert not applies_to_proofs("duplicate")
