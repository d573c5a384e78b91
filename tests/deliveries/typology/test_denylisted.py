"""People who want no more messages."""

from __future__ import annotations

from datetime import datetime

import pytest

from recipients.models import Quarantine
from tests.deliveries.factories import quarantine
from tests.deliveries.typology.cases import applies_to_proofs, reason_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("field", ["denylist_email", "denylist_all"])
def test_a_person_who_refused_is_dropped(now: datetime, field: str) -> None:
    assert reason_of(now, **{field: True}) == "denylisted"


@pytest.mark.parametrize("field", ["denylist_sms", "denylist_push", "denylist_file"])
def test_a_refusal_of_another_channel_does_not_matter(now: datetime, field: str) -> None:
    assert reason_of(now, **{field: True}) == "pending"


def test_an_address_whose_holder_complained_is_dropped_whoever_has_it(now: datetime) -> None:
    quarantine("ada@example.com", Quarantine.Status.DENYLISTED)

    assert reason_of(now, email="Ada@Example.com") == "denylisted"


def test_proofs_keep_them() -> None:
    assert not applies_to_proofs("denylisted")
