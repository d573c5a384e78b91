from __future__ import annotations

import pytest

from deliveries.inbound.reading.mail import read_mail
from tests.deliveries.inbound.reading.dialects import DIALECTS, Dialect
from tests.deliveries.inbound.reading.rules import PRODUCT_RULES


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_bounce_names_who_failed_and_why_in_whatever_dialect(dialect: Dialect) -> None:
    reading = read_mail(dialect.mail(), PRODUCT_RULES)

    found = {each.address: (each.failure_type, each.failure_reason) for each in reading.recipients}
    assert (reading.kind, found) == (dialect.kind, dialect.expected)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_the_return_address_is_always_among_the_tokens(dialect: Dialect) -> None:
    assert "b+00ff@sender.example" in read_mail(dialect.mail(), PRODUCT_RULES).tokens
