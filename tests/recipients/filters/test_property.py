"""The compiled query equals a plain Python evaluation, on random people and random filters."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recipients.filters import FilterContext, select, validate
from recipients.models import Recipient, RecipientList, RecipientListMember, Service, Subscription
from tests.recipients.filters.evaluator import Person, selects
from tests.recipients.purchase import Purchase, purchases

PARIS = ZoneInfo("Europe/Paris")
WORDS = ["", "a", "A", "ab", "aB%", "_b", "%", "é", "É", "b@x.org", "B@X.ORG", "x.org", "\\", "'", "2024-02-29", "ß"]
NUMBERS = [-1, 0, 1, 2, 2.5, 10]
DAYS = [date(1980, 2, 29), date(1990, 3, 1), date(1990, 2, 28), date(2025, 10, 6), date(2025, 10, 5), date(2025, 9, 1)]
INSTANTS = [datetime(2025, 10, 5, 22, 0, tzinfo=UTC), datetime(2025, 10, 5, 21, 59, tzinfo=UTC)]
INSTANTS += [datetime(2025, 9, 29, 4, 0, tzinfo=UTC), datetime(2025, 10, 6, 4, 0, tzinfo=UTC)]
# The first instant of the next day in Paris, and the last before it.
INSTANTS += [datetime(2025, 10, 6, 22, 0, tzinfo=UTC), datetime(2025, 10, 6, 21, 59, tzinfo=UTC)]
NOWS = [datetime(2025, 10, 6, 4, 0, tzinfo=UTC), datetime(2025, 2, 28, 12, tzinfo=UTC)]
NOWS += [datetime(2025, 3, 1, 12, tzinfo=UTC), datetime(2024, 2, 29, 12, tzinfo=UTC)]

words = st.sampled_from(WORDS)
needles = st.sampled_from([word for word in WORDS if word])
numbers = st.sampled_from(NUMBERS)
relative_days = st.integers(-2, 2).map(lambda days: {"today": days})
days = st.sampled_from(DAYS).map(date.isoformat) | relative_days
moments = days | st.sampled_from(INSTANTS).map(datetime.isoformat)
attribute_values = words | numbers | st.booleans() | st.none() | st.sampled_from([day.isoformat() for day in DAYS])

columns = st.fixed_dictionaries(
    {
        "email": words,
        "first_name": words,
        "birth_date": st.sampled_from([*DAYS, None]),
        "denylist_email": st.booleans(),
        "created_at": st.sampled_from(INSTANTS),
        "attributes": st.dictionaries(st.sampled_from(["age", "é t-é", "city"]), attribute_values),
    }
)
purchase_rows = st.fixed_dictionaries(
    {
        "product": words,
        "quantity": st.sampled_from([None, 0, 1, 5]),
        "amount": st.sampled_from([None, Decimal("0.50"), Decimal("20.25"), Decimal(100)]),
        "bought_on": st.sampled_from([*DAYS, None]),
    }
)
people = st.builds(
    Person, columns, st.sets(st.integers(0, 1)), st.sets(st.integers(0, 1)), st.lists(purchase_rows, max_size=3)
)


def comparison(name: st.SearchStrategy[str], ops: list[str], value: st.SearchStrategy[Any]) -> Any:
    single = [op for op in ops if op not in ("in", "not_in", "between")]
    return st.one_of(
        st.fixed_dictionaries({"field": name, "op": st.sampled_from(single), "value": value}),
        st.fixed_dictionaries(
            {"field": name, "op": st.sampled_from(["in", "not_in"]), "value": st.lists(value, min_size=1, max_size=3)}
        ),
        st.fixed_dictionaries({"field": name, "op": st.sampled_from(["is_null", "is_not_null"])}),
        st.fixed_dictionaries(
            {"field": name, "op": st.just("between"), "value": st.lists(value, min_size=2, max_size=2)}
        )
        if "between" in ops
        else st.nothing(),
    )


EQUAL = ["equals", "not_equals"]
ORDERED = [*EQUAL, "lt", "lte", "gt", "gte", "between"]
SEARCH = st.sampled_from(["contains", "starts_with", "ends_with", "matches_domain"])
attribute = st.sampled_from(["age", "é t-é", "city"]).map(lambda name: f"attributes.{name}")


def texts(name: st.SearchStrategy[str]) -> Any:
    return comparison(name, ORDERED, words) | st.fixed_dictionaries({"field": name, "op": SEARCH, "value": needles})


def calendar_ops(name: st.SearchStrategy[str]) -> Any:
    feb_29 = st.sampled_from(["mar_1", "feb_28", "leap_years_only"])
    period = st.fixed_dictionaries(
        {
            "field": name,
            "op": st.sampled_from(["within_last", "older_than"]),
            "value": st.fixed_dictionaries({"days": st.integers(0, 40)}),
        }
    )
    return period | st.fixed_dictionaries(
        {"field": name, "op": st.just("anniversary")}, optional={"feb_29": feb_29, "value": relative_days}
    )


def nested(leaves: Any) -> Any:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda items: {"all": items}),
            st.lists(inner, min_size=1, max_size=3).map(lambda items: {"any": items}),
            inner.map(lambda item: {"not": item}),
        ),
        max_leaves=6,
    )


everyone = st.just({"everyone": True})
where = nested(
    st.one_of(
        texts(st.just("product")),
        comparison(st.just("quantity"), ORDERED, st.integers(-1, 6)),
        comparison(st.just("amount"), ORDERED, st.sampled_from([0, 0.5, 20.25, 100])),
        comparison(st.just("bought_on"), ORDERED, days),
        everyone,
    )
)


def aggregate(name: st.SearchStrategy[str] | None, value: st.SearchStrategy[Any]) -> Any:
    keys = {} if name is None else {"field": name}
    single = st.fixed_dictionaries(
        {**keys, "op": st.sampled_from([op for op in ORDERED if op != "between"]), "value": value}
    )
    pair = st.lists(value, min_size=2, max_size=2)
    return single | st.fixed_dictionaries({**keys, "op": st.just("between"), "value": pair})


def related(key: str, value: Any) -> Any:
    optional = {} if key == "where" else {"where": where}
    return st.fixed_dictionaries({"related": st.just("purchases"), key: value}, optional=optional)


sums = aggregate(st.sampled_from(["amount", "quantity"]), st.sampled_from([0, 0.5, 1, 20.25, 100, 120.25]))
about_purchases = st.one_of(
    related("where", where),
    related("count", st.integers(-1, 3) | aggregate(None, st.integers(-1, 3))),
    related("sum", sums),
    related("avg", sums),
    related("max", aggregate(st.just("quantity"), st.integers(-1, 6)) | aggregate(st.just("bought_on"), days)),
    related("min", aggregate(st.just("amount"), st.sampled_from([0.5, 20.25, 99]))),
)
documents = nested(
    st.one_of(
        texts(st.sampled_from(["email", "first_name"])),
        texts(attribute),
        comparison(attribute, ORDERED, numbers),
        comparison(attribute, EQUAL, st.booleans()),
        comparison(attribute, ORDERED, relative_days),
        comparison(st.just("birth_date"), ORDERED, days),
        comparison(st.just("created_at"), ORDERED, moments),
        comparison(st.sampled_from(["denylist_email", "denylist.email"]), EQUAL, st.booleans()),
        calendar_ops(st.sampled_from(["birth_date", "created_at"])),
        st.fixed_dictionaries({"in_list": st.sampled_from([0, 1])}),
        st.fixed_dictionaries({"subscribed_to": st.sampled_from([0, 1])}),
        about_purchases,
        everyone,
    )
)


@pytest.mark.django_db
def test_a_compiled_filter_selects_exactly_those_whom_a_plain_evaluation_selects() -> None:
    lists = [RecipientList.objects.create(label=f"list {number}").pk for number in range(2)]
    services = [Service.objects.create(label=f"service {number}").pk for number in range(2)]

    @settings(max_examples=400, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(people, min_size=1, max_size=5), documents, st.sampled_from(NOWS))
    def check(drawn: list[Person], document: dict[str, Any], instant: datetime) -> None:
        context = FilterContext(instant, PARIS)
        document = _renumber(document, lists, services)
        validate(document)
        with transaction.atomic():
            numbers = _store(drawn, lists, services)
            found = sorted(select(document, context).values_list("pk", flat=True))
            expected = [
                number for number, person in zip(numbers, drawn, strict=True) if selects(document, person, context)
            ]
            transaction.set_rollback(True)
        assert found == expected

    with purchases():
        check()


def _renumber(node: Any, lists: list[int], services: list[int]) -> Any:
    if isinstance(node, list):
        return [_renumber(item, lists, services) for item in node]
    if not isinstance(node, dict):
        return node
    if "in_list" in node:
        return {"in_list": lists[node["in_list"]]}
    if "subscribed_to" in node:
        return {"subscribed_to": services[node["subscribed_to"]]}
    return {key: _renumber(value, lists, services) for key, value in node.items()}


def _store(drawn: list[Person], lists: list[int], services: list[int]) -> list[int]:
    numbers = []
    for person in drawn:
        values = {key: value for key, value in person.columns.items() if key != "denylist.email"}
        row = Recipient.objects.create(**values)
        Recipient.objects.filter(pk=row.pk).update(created_at=values["created_at"])
        person.columns["denylist.email"] = values["denylist_email"]
        person.lists = {lists[number] for number in person.lists}
        person.services = {services[number] for number in person.services}
        for chosen in person.lists:
            RecipientListMember.objects.create(recipient_list_id=chosen, recipient_id=row.pk)
        for chosen in person.services:
            Subscription.objects.create(service_id=chosen, recipient_id=row.pk, created_at=values["created_at"])
        Purchase.objects.bulk_create(Purchase(recipient_id=row.pk, **purchase) for purchase in person.purchases)
        numbers.append(row.pk)
    return numbers
