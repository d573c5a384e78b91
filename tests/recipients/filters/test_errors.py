"""A document that is no filter is refused with a sentence that names what is wrong, and where."""

from __future__ import annotations

from typing import Any

import pytest

from recipients.filters import FilterError, validate

EVERYONE = {"everyone": True}


def nest(levels: int) -> dict[str, Any]:
    document: dict[str, Any] = EVERYONE
    for _ in range(levels - 1):
        document = {"not": document}
    return document


@pytest.mark.parametrize("document", [None, {}, [], "", 3, {"all": [{}]}, {"not": None}, {"all": []}, {"any": []}])
def test_an_absent_or_empty_filter_is_refused(document: Any) -> None:
    with pytest.raises(FilterError):
        validate(document)


@pytest.mark.parametrize(
    ("document", "place", "named"),
    [
        ({"field": "shoe_size", "op": "equals", "value": 1}, "field", "shoe_size"),
        ({"field": "subscriptions__service", "op": "equals", "value": 1}, "field", "subscriptions__service"),
        ({"field": "email__regex", "op": "equals", "value": "x"}, "field", "email__regex"),
        ({"field": 'attributes.a"b', "op": "equals", "value": 1}, "field", 'a"b'),
        ({"field": "attributes.", "op": "equals", "value": 1}, "field", "attributes."),
        ({"field": ["email"], "op": "equals", "value": 1}, "field", "email"),
        ({"field": "email", "op": "regex", "value": "(a+)+$"}, "op", "regex"),
        ({"field": "email", "value": "x"}, "op", "None"),
        ({"field": "email", "op": "equals"}, "value", "equals"),
        ({"field": "email", "op": "equals", "value": 3}, "value", "3"),
        ({"field": "email", "op": "equals", "value": None}, "value", "None"),
        ({"field": "email", "op": "contains", "value": ""}, "value", "contains"),
        ({"field": "email", "op": "equals", "value": "a\x00b"}, "value", "characters"),
        ({"field": "email", "op": "equals", "value": "\ud800"}, "value", "characters"),
        ({"field": "email", "op": "equals", "value": "x", "raw": "1"}, "raw", "raw"),
        ({"field": "email", "op": "is_null", "value": True}, "value", "value"),
        ({"field": "email", "op": "within_last", "value": {"days": 3}}, "op", "within_last"),
        ({"field": "email", "op": "in", "value": "x"}, "value", "list"),
        ({"field": "email", "op": "in", "value": []}, "value", "list"),
        ({"field": "email", "op": "in", "value": ["x", 3]}, "value.1", "3"),
        ({"field": "id", "op": "equals", "value": 2.5}, "value", "2.5"),
        ({"field": "id", "op": "in", "value": [2**63]}, "value.0", "large"),
        ({"field": "denylist_all", "op": "equals", "value": 1}, "value", "1"),
        ({"field": "denylist_all", "op": "lt", "value": True}, "op", "lt"),
        ({"field": "birth_date", "op": "lt", "value": "yesterday"}, "value", "yesterday"),
        ({"field": "birth_date", "op": "lt", "value": {"tomorrow": 1}}, "value", "today"),
        ({"field": "birth_date", "op": "lt", "value": {"today": 10**9}}, "value.today", "36500"),
        ({"field": "birth_date", "op": "lt", "value": "0001-01-01"}, "value", "far"),
        ({"field": "birth_date", "op": "between", "value": ["2025-01-01"]}, "value", "two"),
        ({"field": "birth_date", "op": "within_last", "value": {"days": -1}}, "value.days", "days"),
        ({"field": "birth_date", "op": "within_last", "value": 3}, "value", "days"),
        ({"field": "birth_date", "op": "anniversary", "feb_29": "mar_2"}, "feb_29", "mar_2"),
        ({"field": "created_at", "op": "lt", "value": "2025-13-45T00:00"}, "value", "2025-13-45"),
        ({"field": "attributes.x", "op": "in", "value": ["a", 1]}, "value", "one type"),
        ({"field": "attributes.x", "op": "equals", "value": 1e999}, "value", "large"),
        ({"field": "attributes.x", "op": "equals", "value": 10**400}, "value", "large"),
        ({"field": "attributes.x", "op": "equals"}, "value", "value"),
        ({"in_list": "3"}, "in_list", "number"),
        ({"in_list": 3, "subscribed_to": 4}, "", "Unknown key"),
        ({"subscribed_to": True}, "subscribed_to", "number"),
        ({"delivery": "devoured"}, "delivery", "devoured"),
        ({"related": "secrets"}, "related", "secrets"),
        ({"everyone": False}, "everyone", "true"),
        ({"everyone": True, "limit": 3}, "limit", "limit"),
        ({"colour": "red"}, "colour", "colour"),
        ({"all": EVERYONE}, "all", "list"),
        ({"all": [EVERYONE, {"any": [{"field": "nope", "op": "in", "value": [1]}]}]}, "all.1.any.0.field", "nope"),
    ],
)
def test_a_mistake_is_named_with_its_place(document: Any, place: str, named: str) -> None:
    with pytest.raises(FilterError) as caught:
        validate(document)

    assert named in str(caught.value)
    assert not place or list(caught.value.fields) == [place]
    assert caught.value.code == "invalid_filter"


def test_twenty_levels_are_allowed_and_twenty_one_are_not() -> None:
    validate(nest(20))
    with pytest.raises(FilterError, match="20 levels"):
        validate(nest(21))


def test_a_filter_nested_beyond_any_stack_is_refused_without_exhausting_it() -> None:
    with pytest.raises(FilterError, match="levels"):
        validate(nest(100_000))


def test_a_list_holds_ten_thousand_values_and_no_more() -> None:
    validate({"field": "id", "op": "in", "value": list(range(10_000))})
    with pytest.raises(FilterError, match="10000"):
        validate({"field": "id", "op": "in", "value": list(range(10_001))})


def test_a_document_is_bounded_in_conditions_and_values() -> None:
    with pytest.raises(FilterError, match="conditions"):
        validate({"any": [EVERYONE] * 500})
    with pytest.raises(FilterError, match="values"):
        validate({"any": [{"field": "id", "op": "in", "value": list(range(9_000))}] * 3})
