"""Saved filters: used by others with values for their parameters; checked when they are saved."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.errors import IllegalState, Invalid
from recipients.filters import FilterContext, FilterError, select, validate
from recipients.filters.saved import MAX_NESTING
from recipients.models import Attribute, SavedFilter
from recipients.query.saved import require_unused, save_filter
from tests.factories import make_recipients

pytestmark = pytest.mark.django_db
COUNTRY = {"field": "country_code", "op": "equals", "value": {"parameter": "country"}}
PARAMETERS = [{"name": "country", "label": "Country", "kind": "text", "default": "FR"}]


def save(document: Any, parameters: Any = (), **values: Any) -> SavedFilter:
    return save_filter(**{"label": "A", "document": document, "parameters": parameters, **values})


def place(document: Any, **options: Any) -> str:
    with pytest.raises(FilterError) as caught:
        validate(document, **options)
    return next(iter(caught.value.fields))


def test_a_saved_filter_takes_its_defaults_or_what_it_is_given(now: datetime) -> None:
    french, british = make_recipients(2)
    type(french).objects.filter(pk=french.pk).update(country_code="FR")
    context = FilterContext(now, ZoneInfo("Europe/Paris"))
    number = save(COUNTRY, PARAMETERS).pk

    assert list(select({"saved": number}, context)) == [french]
    assert list(select({"all": [{"saved": number, "with": {"country": "GB"}}]}, context)) == [british]
    outer = save(
        {"not": {"saved": number, "with": {"country": {"parameter": "where"}}}},
        [{"name": "where", "label": "Where", "kind": "text"}],
    )
    assert list(select({"saved": outer.pk, "with": {"where": "GB"}}, context)) == [french]


def test_what_is_wrong_with_the_use_of_a_saved_filter_is_named_at_its_place() -> None:
    number = save(COUNTRY, [{"name": "country", "label": "Country", "kind": "text"}]).pk

    assert place({"all": [{"saved": 999_999}]}) == "all.0.saved"
    assert place({"saved": number}) == "with"
    assert place({"saved": number, "with": {"country": "FR", "x": 1}}) == "with.x"
    assert place({"saved": number, "with": 3}) == "with"
    assert place({"saved": number, "extra": 1}) == "extra"
    assert place({"saved": number, "with": {"country": 5}}) == "value"
    assert place(COUNTRY) == "value"


def test_saved_filters_never_use_themselves_and_nest_a_few_levels_only() -> None:
    first = save({"everyone": True})
    rows = [first]
    for _level in range(MAX_NESTING - 1):
        rows.append(save({"saved": rows[-1].pk}))
    validate({"saved": rows[-1].pk})

    with pytest.raises(FilterError, match="at most"):
        validate({"all": [{"saved": save({"saved": rows[-1].pk}).pk}]})
    with pytest.raises(FilterError, match="itself"):
        save({"any": [{"saved": rows[2].pk}]}, row=first)
    SavedFilter.objects.filter(pk=first.pk).update(filter={"saved": rows[1].pk})
    with pytest.raises(FilterError, match="itself"):
        validate({"saved": first.pk})


def test_saved_filters_do_not_add_up_to_a_filter_without_end() -> None:
    wide = save({"all": [{"everyone": True}] * 300})

    with pytest.raises(FilterError, match="saved filters"):
        validate({"all": [{"saved": wide.pk}] * 3})


@pytest.mark.parametrize(
    "parameters",
    [
        [{"name": "A b", "kind": "text"}],
        [{"name": "a", "kind": "colour"}],
        [{"name": "a", "kind": "text"}] * 2,
        "x",
        [1],
    ],
)
def test_wrong_parameters_are_refused(parameters: Any) -> None:
    with pytest.raises(Invalid) as caught:
        save({"everyone": True}, parameters)
    assert list(caught.value.fields) == ["parameters"]


def test_a_saved_filter_that_another_one_uses_is_kept() -> None:
    inner = save({"everyone": True}, label="Inner")
    outer = save({"any": [{"saved": inner.pk}]}, label="Outer")

    with pytest.raises(IllegalState, match="Outer"):
        require_unused(inner)
    require_unused(outer)


@pytest.mark.parametrize(
    "node,where",
    [
        ({"in_list": 999_999}, "in_list"),
        ({"subscribed_to": 999_999}, "subscribed_to"),
        ({"delivery": "opened", "of": {"delivery": 999_999}}, "of.delivery"),
        ({"delivery": "opened", "of": {"series": 999_999}}, "of.series"),
        ({"delivery": "opened", "of": {"operation": 999_999}}, "of.operation"),
    ],
)
def test_rows_that_do_not_exist_are_named_only_when_a_filter_is_saved(node: dict[str, Any], where: str) -> None:
    validate({"any": [node]})

    assert place({"any": [{"everyone": True}, node]}, existing=True) == f"any.1.{where}"


def test_a_value_must_be_of_the_declared_type_of_its_attribute_when_a_filter_is_saved() -> None:
    Attribute.objects.create(name="points", label="Points", kind="number")
    wrong = {"field": "attributes.points", "op": "equals", "value": "many"}
    validate(wrong)

    assert place({"all": [wrong]}, existing=True) == "all.0.value"
    validate({**wrong, "value": 3}, existing=True)
