from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recipients import lists
from recipients.models import Recipient, RecipientList
from tests.factories import make_recipients

pytestmark = pytest.mark.django_db


def members(chosen: RecipientList) -> list[int]:
    return sorted(chosen.members.values_list("recipient_id", flat=True))


def test_appending_adds_only_who_is_missing() -> None:
    ann, bob, eve = (person.pk for person in make_recipients(3))
    chosen, other = RecipientList.objects.create(label="A"), RecipientList.objects.create(label="B")

    assert lists.append(recipient_list=chosen, rows=Recipient.objects.filter(pk=ann).values("pk")) == 1
    assert lists.append(recipient_list=chosen, rows=Recipient.objects.filter(pk__in=[ann, bob]).values("pk")) == 1

    assert members(chosen) == [ann, bob]
    assert members(other) == []
    assert eve


def test_replacing_leaves_exactly_the_new_people() -> None:
    ann, bob, eve = (person.pk for person in make_recipients(3))
    chosen, other = RecipientList.objects.create(label="A"), RecipientList.objects.create(label="B")
    for target in (chosen, other):
        lists.append(recipient_list=target, rows=Recipient.objects.filter(pk__in=[ann, bob]).values("pk"))

    assert lists.replace(recipient_list=chosen, rows=Recipient.objects.filter(pk__in=[bob, eve]).values("pk")) == 2

    assert members(chosen) == [bob, eve]
    assert members(other) == [ann, bob]


def test_replacing_by_nobody_empties_the_list() -> None:
    chosen = RecipientList.objects.create(label="A")
    make_recipients(2)
    lists.append(recipient_list=chosen, rows=Recipient.objects.values("pk"))

    assert lists.replace(recipient_list=chosen, rows=Recipient.objects.none().values("pk")) == 0
    assert members(chosen) == []


def test_removing_takes_out_the_people_named() -> None:
    ann, bob, eve = (person.pk for person in make_recipients(3))
    chosen = RecipientList.objects.create(label="A")
    lists.append(recipient_list=chosen, rows=Recipient.objects.filter(pk__in=[ann, bob]).values("pk"))

    assert lists.remove(recipient_list=chosen, recipient_ids=[bob, eve]) == 1
    assert members(chosen) == [ann]


@pytest.mark.parametrize("change", [lists.append, lists.replace])
def test_the_number_of_statements_does_not_grow_with_the_people(change: object) -> None:
    counts = []
    for size in (3, 300):
        make_recipients(size, country_code=f"{size % 97:02d}")
        chosen = RecipientList.objects.create(label=f"list {size}")
        with CaptureQueriesContext(connection) as queries:
            change(recipient_list=chosen, rows=Recipient.objects.values("pk"))  # type: ignore[operator]
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert len(members(chosen)) == 303
