"""What a marketer asks: each question once, with people inside, outside and on the edge."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.sql import insert_from_select
from recipients.filters import FilterContext, FilterError, select, validate
from recipients.filters.behaviours import behaviours
from recipients.models import (
    Quarantine,
    Recipient,
    RecipientList,
    RecipientListMember,
    Service,
    Subscription,
    SubscriptionEvent,
)
from tests.factories import make_recipient, make_recipients
from tests.recipients.purchase import Purchase, purchases

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")


def chosen(document: dict[str, Any], now: datetime, zone: ZoneInfo = PARIS) -> list[int]:
    return list(select(document, FilterContext(now, zone)).order_by("pk").values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("today", "feb_29", "expected"),
    [
        ("2025-03-01", "mar_1", ["leap", "march"]),
        ("2025-02-28", "mar_1", ["february"]),
        ("2025-03-01", "feb_28", ["march"]),
        ("2025-02-28", "feb_28", ["february", "leap"]),
        ("2025-03-01", "leap_years_only", ["march"]),
        ("2025-02-28", "leap_years_only", ["february"]),
        ("2024-02-29", "leap_years_only", ["leap"]),
        ("2024-02-29", "mar_1", ["leap"]),
        ("2024-02-28", "feb_28", ["february"]),
        ("2024-03-01", "mar_1", ["march"]),
    ],
)
def test_a_birthday_on_29_february_is_kept_as_the_option_says(today: str, feb_29: str, expected: list[str]) -> None:
    make_recipient(1, last_name="leap", birth_date=date(1988, 2, 29))
    make_recipient(2, last_name="february", birth_date=date(1990, 2, 28))
    make_recipient(3, last_name="march", birth_date=date(1991, 3, 1))
    make_recipient(4, last_name="unknown", birth_date=None)
    now = datetime.fromisoformat(f"{today}T12:00:00+00:00")

    found = select({"field": "birth_date", "op": "anniversary", "feb_29": feb_29}, FilterContext(now, PARIS))

    assert sorted(found.values_list("last_name", flat=True)) == sorted(expected)


def test_today_is_the_date_in_the_contexts_zone() -> None:
    someone = make_recipient(birth_date=date(1990, 10, 6))
    late_on_the_fifth = datetime(2025, 10, 5, 22, 30, tzinfo=UTC)

    assert chosen({"field": "birth_date", "op": "anniversary"}, late_on_the_fifth) == [someone.pk]
    assert chosen({"field": "birth_date", "op": "anniversary"}, late_on_the_fifth, ZoneInfo("UTC")) == []


def test_an_anniversary_can_lie_some_days_ahead(now: datetime) -> None:
    someone = make_recipient(birth_date=date(1990, 10, 13))

    assert chosen({"field": "birth_date", "op": "anniversary", "value": {"today": 7}}, now) == [someone.pk]


def test_a_missing_value_satisfies_no_comparison_but_every_negation(now: datetime) -> None:
    nobody = make_recipient(1, birth_date=None, attributes={})
    someone = make_recipient(2, birth_date=date(1990, 1, 1), attributes={"city": "Lyon"})
    before = {"field": "birth_date", "op": "lt", "value": "2000-01-01"}
    lyon = {"field": "attributes.city", "op": "equals", "value": "Lyon"}

    assert chosen(before, now) == chosen(lyon, now) == [someone.pk]
    assert chosen({"not": before}, now) == chosen({"not": lyon}, now) == [nobody.pk]
    assert chosen({**lyon, "op": "not_equals"}, now) == [nobody.pk]
    assert chosen({"not": {"not": before}}, now) == [someone.pk]


def test_an_empty_text_is_missing(now: datetime) -> None:
    without = make_recipient(1, email="")
    make_recipient(2)

    assert chosen({"field": "email", "op": "is_null"}, now) == [without.pk]
    assert chosen({"field": "email", "op": "equals", "value": ""}, now) == [without.pk]


@pytest.mark.parametrize("needle", ["%", "_", "\\", "'; DROP TABLE x; --", '"', "é", "A(a+)+$"])
def test_a_text_is_searched_literally(needle: str, now: datetime) -> None:
    someone = make_recipient(1, last_name=f"x{needle}y")
    make_recipient(2, last_name="plain")

    for op, value in (("contains", needle), ("starts_with", f"X{needle}"), ("ends_with", f"{needle}Y")):
        assert chosen({"field": "last_name", "op": op, "value": value}, now) == [someone.pk]


def test_a_domain_is_matched_whole_and_without_case(now: datetime) -> None:
    someone = make_recipient(1, email="Ann@EXAMPLE.org")
    make_recipient(2, email="bob@other-example.org")
    make_recipient(3, email="bob@mail.example.org")

    assert chosen({"field": "email", "op": "matches_domain", "value": "Example.org"}, now) == [someone.pk]


def test_an_attribute_is_compared_in_its_own_type_only(now: datetime) -> None:
    number = make_recipient(1, attributes={"score": 10})
    text = make_recipient(2, attributes={"score": "10"})
    truth = make_recipient(3, attributes={"score": True})
    others: list[Any] = [None, [], {}, 10**400, "x", 1e308]
    for at, value in enumerate(others, start=4):
        make_recipient(at, attributes={"score": value})
    field = "attributes.score"

    assert chosen({"field": field, "op": "gte", "value": 10}, now) == [number.pk]
    assert chosen({"field": field, "op": "equals", "value": "10"}, now) == [text.pk]
    assert chosen({"field": field, "op": "equals", "value": True}, now) == [truth.pk]


def test_a_date_kept_in_an_attribute_is_compared_as_a_date(now: datetime) -> None:
    recent = make_recipient(1, attributes={"joined": "2025-10-01T10:00:00Z"})
    old = make_recipient(2, attributes={"joined": "2024-10-06"})
    make_recipient(3, attributes={"joined": "soon"})

    assert chosen({"field": "attributes.joined", "op": "within_last", "value": {"days": 7}}, now) == [recent.pk]
    assert chosen({"field": "attributes.joined", "op": "anniversary"}, now) == [old.pk]
    assert chosen({"field": "attributes.joined", "op": "lt", "value": {"today": -30}}, now) == [old.pk]


def test_within_last_and_older_than_split_the_past(now: datetime) -> None:
    on_the_edge, before = make_recipients(2)
    Recipient.objects.filter(pk=on_the_edge.pk).update(created_at=datetime(2025, 9, 29, 4, 0, tzinfo=UTC))
    Recipient.objects.filter(pk=before.pk).update(created_at=datetime(2025, 9, 29, 3, 59, tzinfo=UTC))
    period = {"field": "created_at", "value": {"days": 7}}

    assert chosen({**period, "op": "within_last"}, now) == [on_the_edge.pk]
    assert chosen({**period, "op": "older_than"}, now) == [before.pk]
    assert chosen({"field": "created_at", "op": "older_than", "days": 7}, now) == [before.pk]


def test_lists_and_subscriptions_select_their_members(now: datetime) -> None:
    listed, subscribed, neither = make_recipients(3)
    members, service = RecipientList.objects.create(label="A"), Service.objects.create(label="B")
    RecipientListMember.objects.create(recipient_list=members, recipient=listed)
    Subscription.objects.create(service=service, recipient=subscribed, created_at=now)

    assert chosen({"in_list": members.pk}, now) == [listed.pk]
    assert chosen({"subscribed_to": service.pk}, now) == [subscribed.pk]
    assert chosen({"not": {"any": [{"in_list": members.pk}, {"subscribed_to": service.pk}]}}, now) == [neither.pk]


def test_a_registered_behaviour_is_asked_with_its_scope_and_period(now: datetime) -> None:
    someone, _other = make_recipients(2)
    service = Service.objects.create(label="B")
    SubscriptionEvent.objects.create(service=service, recipient=someone, action="subscribe", at=now)
    calls: list[Any] = []

    def knew(*, of: Any, since: Any) -> Any:
        calls.append((of, since))
        return SubscriptionEvent.objects.values_list("recipient_id")

    behaviours.add("knew", knew)
    try:
        assert chosen({"delivery": "knew", "of": {"series": 3}, "days": 2}, now) == [someone.pk]
        assert chosen({"not": {"delivery": "knew"}}, now) == [_other.pk]
        scopes: list[Any] = [{}, {"series": 1, "delivery": 2}, {"page": 1}, {"series": "1"}, 3]
        for wrong in [*({"of": scope} for scope in scopes), {"days": "2"}]:
            with pytest.raises(FilterError):
                validate({"delivery": "knew", **wrong})
    finally:
        del behaviours._entries["knew"]
    assert calls[0] == ({"series": 3}, datetime(2025, 10, 4, 4, 0, tzinfo=UTC))
    assert calls[1] == (None, None)


def test_related_rows_are_counted_and_summed_without_doubling_the_person(now: datetime) -> None:
    rich, poor, none = make_recipients(3)
    with purchases():
        Purchase.objects.create(recipient=rich, product="book", amount="60.10", bought_on=date(2025, 10, 1))
        Purchase.objects.create(recipient=rich, product="book", amount="60.10", bought_on=date(2025, 10, 1))
        Purchase.objects.create(recipient=poor, product="pen", amount="1.50")
        book = {"field": "product", "op": "equals", "value": "book"}

        assert chosen({"related": "purchases", "where": book}, now) == [rich.pk]
        assert chosen({"related": "purchases", "count": 1}, now) == [rich.pk, poor.pk]
        assert chosen({"related": "purchases", "count": {"op": "equals", "value": 0}}, now) == [none.pk]
        assert chosen({"related": "purchases", "count": {"op": "lt", "value": 2}}, now) == [poor.pk, none.pk]
        total = {"field": "amount", "op": "gt", "value": 100}
        assert chosen({"related": "purchases", "sum": total}, now) == [rich.pk]
        assert chosen({"related": "purchases", "sum": {**total, "op": "lt"}}, now) == [poor.pk]
        last = {"field": "bought_on", "op": "gte", "value": {"today": -7}}
        assert chosen({"related": "purchases", "max": last, "where": book}, now) == [rich.pk]


@pytest.mark.parametrize(
    ("extra", "place"),
    [
        ({"count": 1, "sum": {"field": "amount", "op": "gt", "value": 1}}, "filter"),
        ({"count": {"op": "contains", "value": "1"}}, "count.op"),
        ({"count": "many"}, "count"),
        ({"sum": {"field": "product", "op": "gt", "value": 1}}, "sum.field"),
        ({"max": {"field": "recipient__email", "op": "gt", "value": 1}}, "max.field"),
        ({"sum": 3}, "sum"),
        ({"where": {"field": "email", "op": "is_null"}}, "where.field"),
        ({"where": {"in_list": 3}}, "where.in_list"),
        ({"where": {}}, "where"),
        ({"group": "x"}, "group"),
    ],
)
def test_a_mistake_about_related_rows_is_named(extra: dict[str, Any], place: str) -> None:
    with purchases(), pytest.raises(FilterError) as caught:
        validate({"related": "purchases", **extra})

    assert list(caught.value.fields) == [place]


def test_a_selection_is_one_statement_that_inserts_itself_elsewhere(now: datetime) -> None:
    make_recipients(3)
    members = RecipientList.objects.create(label="A")
    document = {"any": [{"field": "email", "op": "contains", "value": "person"}, {"in_list": members.pk}]}

    with CaptureQueriesContext(connection) as queries:
        rows = select(document, FilterContext(now, PARIS)).extra(select={"list": members.pk}).values_list("list", "pk")
        assert insert_from_select(RecipientListMember, ["recipient_list", "recipient"], rows) == 3

    assert len(queries) == 1


def test_four_hundred_conditions_and_ten_thousand_values_are_within_what_the_database_can_do(now: datetime) -> None:
    someone = make_recipient()
    conditions = [{"field": "attributes.x", "op": "between", "value": [n, n]} for n in range(380)]

    assert chosen({"any": [*conditions, {"everyone": True}]}, now) == [someone.pk]
    assert chosen({"not": {"field": "id", "op": "in", "value": list(range(10**6, 10**6 + 10_000))}}, now) == [
        someone.pk
    ]


def test_a_field_name_never_reaches_other_tables(now: datetime) -> None:
    Quarantine.objects.create(channel="email", address="x", status=4)
    with pytest.raises(FilterError):
        chosen({"field": "list_memberships__recipient_list", "op": "equals", "value": 1}, now)


def test_a_day_ends_where_the_next_begins_in_the_contexts_zone(now: datetime) -> None:
    last, first = make_recipients(2)
    Recipient.objects.filter(pk=last.pk).update(created_at=datetime(2025, 10, 6, 21, 59, 59, tzinfo=UTC))
    Recipient.objects.filter(pk=first.pk).update(created_at=datetime(2025, 10, 6, 22, 0, tzinfo=UTC))

    assert chosen({"field": "created_at", "op": "lte", "value": "2025-10-06"}, now) == [last.pk]
    assert chosen({"field": "created_at", "op": "gt", "value": {"today": 0}}, now) == [first.pk]
    assert chosen({"field": "created_at", "op": "equals", "value": "2025-10-07"}, now) == [first.pk]
