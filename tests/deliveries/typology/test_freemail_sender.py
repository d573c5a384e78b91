"""D08: nobody sends in the name of a public mail provider."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.deliveries.typology.cases import faults

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["anne@gmail.com", "anne@Yahoo.FR ", "anne@orange.fr", "anne@mail.gmail.com"])
def test_d08_a_sender_at_a_public_mail_provider_is_refused(now: datetime, address: str) -> None:
    assert address.strip().rpartition("@")[2].lower() in faults("freemail_sender", now, from_email=address)[0]


def test_d08_a_sender_at_a_domain_of_ones_own_is_not(now: datetime) -> None:
    assert faults("freemail_sender", now, from_email="news@mail.example.com") == []
    assert faults("freemail_sender", now, from_email="news@notgmail.com") == []
