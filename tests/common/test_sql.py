"""Set-based inserts."""

from __future__ import annotations

import pytest
from django.db.models import F
from pytest_django import DjangoAssertNumQueries

from common.sql import insert_from_select
from recipients.models import Recipient, RecipientList, RecipientListMember
from tests.factories import make_recipients

pytestmark = pytest.mark.django_db


def fill(target: RecipientList) -> int:
    people = Recipient.objects.annotate(target=F("pk") * 0 + target.pk).values_list("target", "pk")
    return insert_from_select(RecipientListMember, ("recipient_list", "recipient"), people, ignore_conflicts=True)


@pytest.mark.parametrize("count", [3, 300])
def test_a_set_is_inserted_by_one_statement_whatever_its_size(
    count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_recipients(count)
    target = RecipientList.objects.create(label="All")

    with django_assert_num_queries(1):
        inserted = fill(target)

    assert inserted == count == RecipientListMember.objects.count()


def test_rows_that_are_there_already_are_left_alone() -> None:
    make_recipients(3)
    target = RecipientList.objects.create(label="All")
    fill(target)
    make_recipients(2)

    assert fill(target) == 2
