"""A message needs a subject."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.deliveries.typology.cases import faults

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("subject", ["", "  "])
def test_an_empty_subject_is_a_fault(now: datetime, subject: str) -> None:
    assert faults("subject_missing", now, subject=subject) == ["The subject is empty."]


def test_a_subject_is_none(now: datetime) -> None:
    assert faults("subject_missing", now, subject="Hello") == []
