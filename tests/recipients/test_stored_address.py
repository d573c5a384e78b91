"""What the database keeps of each address: the address as compared, and whether it can be one."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from deliveries.channels.email.addresses import is_plausible
from recipients.models import Recipient
from tests.factories import make_recipient

pytestmark = pytest.mark.django_db
TEXTS = st.text(st.sampled_from(list("ab9.-_@ +'é用\u00a0\u2028\n<\"*[]^")), max_size=12)
ADDRESSES = st.one_of(TEXTS, st.builds("{}@{}.{}".format, TEXTS, TEXTS, TEXTS))


class VerdictProperty(TestCase):
    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(address=ADDRESSES)
    def test_the_stored_verdict_is_that_of_one_address(self, address: str) -> None:
        person = Recipient.objects.create(email=address)

        stored = Recipient.objects.values_list("email_plausible", flat=True).get(pk=person.pk)

        assert stored == is_plausible(address)


def test_it_follows_the_address() -> None:
    person = make_recipient(email=" Anne@Example.com ")
    assert stored(person) == ("anne@example.com", True)

    Recipient.objects.filter(pk=person.pk).update(email="Nobody")
    assert stored(person) == ("nobody", False)

    person.email = "zoé@exämple.com"
    person.save()
    assert stored(person) == ("zoé@exämple.com", True)


def stored(person: Recipient) -> tuple[str, bool]:
    return Recipient.objects.values_list("email_key", "email_plausible").get(pk=person.pk)
