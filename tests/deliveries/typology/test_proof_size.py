"""The size of a proof."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.deliveries.typology.cases import faults

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("people", "found"), [(100, []), (101, ["A proof goes to at most 100 people, not 101."])])
def test_a_proof_goes_to_a_hundred_people_at_most(now: datetime, people: int, found: list[str]) -> None:
    assert faults("proof_size", now, to_deliver=people, kind="proof") == found


def test_other_deliveries_may_be_large(now: datetime) -> None:
    assert faults("proof_size", now, to_deliver=1_000_000) == []
