"""The sender address."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.deliveries.typology.cases import faults

pytestmark = pytest.mark.django_db


def test_no_sender_is_a_fault(now: datetime) -> None:
    assert faults("sender_address", now, from_email="") == ["The sender address is empty."]


@pytest.mark.parametrize("address", ["ada", "ada@@example.com", "a@b.example\r\nBcc: c@d.example"])
def test_a_sender_that_is_no_address_is_named(now: datetime, address: str) -> None:
    (sentence,) = faults("sender_address", now, from_email=address)

    assert f"The sender address {address} is wrong" in sentence


def test_an_address_is_none(now: datetime) -> None:
    assert faults("sender_address", now, from_email="ada@example.com") == []
