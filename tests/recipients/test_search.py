"""People found by the beginning of what somebody typed."""

from __future__ import annotations

import pytest
from django.db import connection

from recipients.models import Recipient
from recipients.search import beginning_with, by_address
from tests.factories import make_recipient

pytestmark = pytest.mark.django_db


def found(text: str) -> list[int]:
    return list(beginning_with(Recipient.objects.all(), text).order_by("pk").values_list("pk", flat=True))


@pytest.mark.parametrize(
    "text",
    ["ann", "ANNE", "Anne de la C", "de la Cruz", "cruz anne", "Anne@", "anne@x.org", "Anne Cruz"],
)
def test_a_person_is_found_by_the_beginning_of_a_name_an_address_or_both_names(text: str) -> None:
    last = "Cruz" if "de la" not in text else "de la Cruz"
    anne = make_recipient(1, email="Anne@x.org", first_name="Anne", last_name=last)
    make_recipient(2, email="joanne@x.org", first_name="Joanne", last_name="Cru")

    assert found(text) == [anne.pk]


def test_accents_are_compared_as_the_database_writes_them() -> None:
    person = make_recipient(1, first_name="Élise", last_name="Ñandú")

    assert found("Élise") == [person.pk]
    assert found("Ñan") == [person.pk]


def test_a_number_is_that_of_a_person_and_nothing_typed_is_everybody() -> None:
    one, two = make_recipient(1), make_recipient(2)

    assert found(str(two.pk)) == found(f"#{two.pk}") == [two.pk]
    assert found("9" * 30) == []
    assert found("  ") == [one.pk, two.pk]


def test_signs_with_a_meaning_in_sql_mean_themselves() -> None:
    make_recipient(1, first_name="Ada")
    person = make_recipient(2, first_name="A_a", last_name="100%")

    assert found("a_") == [person.pk]
    assert found("100%") == [person.pk]


def test_an_address_is_compared_without_case_and_may_be_of_two_people() -> None:
    people = [make_recipient(1, email="Anne@x.org"), make_recipient(2, email="anne@X.org")]
    make_recipient(3, email="anne@x.org.uk")

    assert list(by_address(" ANNE@x.org ").order_by("pk")) == people


@pytest.mark.skipif(connection.vendor != "postgresql", reason="LIKE has its own indexes on PostgreSQL alone")
@pytest.mark.parametrize("index", ["recipient_email_begins", "recipient_first_name_begins"])
def test_each_look_up_has_an_index_that_fits(index: str) -> None:
    make_recipient(1)
    with connection.cursor() as cursor:
        # So few rows would be read through.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")

    assert index in beginning_with(Recipient.objects.order_by(), "marie").explain()
