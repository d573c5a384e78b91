"""Addresses that can't be one."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.deliveries.typology.cases import applies_to_proofs, reason_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "email", ["ada", "ada@", "@example.com", "a b@example.com", "ada@example", "x@y.z\r\nBcc: a@b.c"]
)
def test_an_address_that_can_not_be_one_is_dropped(now: datetime, email: str) -> None:
    assert reason_of(now, email=email) == "bad_quality"


@pytest.mark.parametrize("length", [64, 65])
def test_the_part_before_the_at_sign_has_at_most_64_letters(now: datetime, length: int) -> None:
    reason = reason_of(now, email=f" {'a' * length}@example.com")

    assert reason == ("pending" if length == 64 else "bad_quality")


@pytest.mark.parametrize("email", ["ada@example.com", "ada.l+news@mail.example.co.uk", "zoé@exemple.fr"])
def test_an_unusual_address_is_kept(now: datetime, email: str) -> None:
    assert reason_of(now, email=email) == "pending"


def test_it_holds_for_proofs_too() -> None:
    assert applies_to_proofs("invalid_address")
