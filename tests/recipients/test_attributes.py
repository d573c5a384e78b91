"""Custom attributes: declared, renamed, indexed by the very expression that filters use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from common.errors import Invalid
from recipients import attributes
from recipients.filters import FilterContext, select
from recipients.models import Attribute, Recipient

pytestmark = pytest.mark.django_db
VALUES: dict[str, tuple[Any, Callable[[int], Any]]] = {
    "text": ("v7", lambda number: f"v{number}"),
    "choice": ("v7", lambda number: f"v{number}"),
    "number": (7, lambda number: number),
    "date": ("2025-01-07", lambda number: f"2025-01-{number % 28 + 1:02d}" if number != 6 else "2025-01-07"),
}


@pytest.fixture
def context(now: datetime) -> FilterContext:
    return FilterContext(now, ZoneInfo("Europe/Paris"))


def declare(**values: Any) -> Attribute:
    return attributes.create_attribute(**{"name": "l'été 1", "label": "Summer", **values})


@pytest.mark.parametrize("kind", VALUES)
def test_a_filter_on_an_indexed_attribute_uses_its_index(
    kind: str, context: FilterContext, django_capture_on_commit_callbacks: Any
) -> None:
    wanted, value = VALUES[kind]
    Recipient.objects.bulk_create(Recipient(attributes={"tier é": value(number)}) for number in range(2000))
    choices = [{"value": "v7", "label": "Seven"}] if kind == "choice" else []
    with django_capture_on_commit_callbacks(execute=True):
        row = declare(name="tier é", kind=kind, indexed=True, choices=choices)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

    found = select({"field": "attributes.tier é", "op": "equals", "value": wanted}, context)

    assert attributes.index_name(row) in found.explain()
    assert found.count() >= 1


def test_unticking_or_deleting_drops_the_index(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        row = declare(name="tier", indexed=True)
    assert attributes.index_name(row) in _indexes()

    row.indexed = False
    with django_capture_on_commit_callbacks(execute=True):
        attributes.save_attribute(row)
    assert attributes.index_name(row) not in _indexes()

    row.indexed = True
    with django_capture_on_commit_callbacks(execute=True):
        attributes.save_attribute(row)
    name = attributes.index_name(row)
    with django_capture_on_commit_callbacks(execute=True):
        attributes.delete_attribute(row)
    assert name not in _indexes()


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_an_index_is_built_without_blocking_and_again_after_a_change_of_type() -> None:
    row = declare(name="points", kind="text", indexed=True)
    row.kind = Attribute.Kind.NUMBER
    attributes.save_attribute(row)

    assert attributes.index_name(row) in _indexes()
    attributes.delete_attribute(row)


def _indexes() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, Recipient._meta.db_table))


def test_the_label_changes_and_the_name_stays() -> None:
    row = declare(name="tier")
    row.label = "Loyalty"
    attributes.save_attribute(row)
    row.name = "other"

    with pytest.raises(Invalid) as caught:
        attributes.save_attribute(row)
    assert (list(caught.value.fields), Attribute.objects.get().label) == (["name"], "Loyalty")


@pytest.mark.parametrize(
    "values,field",
    [
        ({"name": "l'été"}, "name"),
        ({"name": "tier", "label": " "}, "label"),
        ({"name": "tier", "kind": "colour"}, "kind"),
        ({"name": "tier", "kind": "choice"}, "choices"),
        ({"name": "tier", "kind": "choice", "choices": [{"value": "a", "label": "A"}] * 2}, "choices"),
        ({"name": "tier", "kind": "choice", "choices": [{"value": "a"}]}, "choices"),
    ],
)
def test_a_wrong_declaration_is_refused_by_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        declare(**values)
    assert list(caught.value.fields) == [field]


def test_two_attributes_never_share_a_name() -> None:
    declare(name="tier")
    with pytest.raises(Invalid, match="already"):
        declare(name="tier")


def test_a_text_is_a_date_to_an_attribute_declared_as_one(context: FilterContext) -> None:
    person = Recipient.objects.create(attributes={"since": "2025-10-06T08:00:00Z"})
    document = {"field": "attributes.since", "op": "equals", "value": "2025-10-06"}
    assert not select(document, context).exists()

    declare(name="since", kind="date")

    assert list(select(document, context)) == [person]
