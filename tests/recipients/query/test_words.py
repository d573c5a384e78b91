"""Filters read back as one sentence, in both languages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings

from recipients.filters import validate
from recipients.models import Attribute, RecipientList, SavedFilter, Service
from recipients.query.catalogue import catalogue
from recipients.query.words import words
from tests.operations.factories import make_operation
from tests.recipients.filters.test_property import _renumber, documents
from tests.recipients.purchase import purchases

pytestmark = pytest.mark.django_db
COUNTRY = {"field": "country_code", "op": "in", "value": ["FR", "BE"]}
PARTS = {
    "Recipients whose country code is one of “FR” or “BE”.": COUNTRY,
    "All recipients.": {"everyone": True},
    "All recipients, except those whose country code is one of “FR” or “BE”.": {"not": COUNTRY},
    "Recipients whose birth date has its anniversary today.": {"field": "birth_date", "op": "anniversary"},
    "Recipients whose birth date has its anniversary in 2 days (29 February on 28 February in ordinary years).": {
        "field": "birth_date",
        "op": "anniversary",
        "feb_29": "feb_28",
        "value": {"today": 2},
    },
    "Recipients whose birth date is 3 days ago or before.": {
        "field": "birth_date",
        "op": "lte",
        "value": {"today": -3},
    },
    "Recipients whose created at is within the last 30 days.": {"field": "created_at", "op": "within_last", "days": 30},
    "Recipients whose e-mail is not filled in.": {"field": "email", "op": "is_null"},
    "Recipients whose gender is “Female”.": {"field": "gender", "op": "equals", "value": "female"},
    "Recipients with “no longer contact by e-mail” ticked.": {"field": "denylist.email", "op": "equals", "value": True},
    "Recipients whose loyalty tier is “Gold”.": {"field": "attributes.tier", "op": "equals", "value": "gold"},
    "Recipients whose other is between 1 and 2,500.": {
        "field": "attributes.other",
        "op": "between",
        "value": [1, 2500],
    },
    "Recipients who opened a delivery in the last 1 day.": {"delivery": "opened", "days": 1},
    "Recipients with at least 3 “purchases” (whose product is “A”).": {
        "related": "purchases",
        "count": 3,
        "where": {"field": "product", "op": "equals", "value": "A"},
    },
    "Recipients whose total of amount over “purchases” is more than 100.": {
        "related": "purchases",
        "sum": {"field": "amount", "op": "gt", "value": 100},
    },
    "Recipients whose highest bought on over “purchases” is before today.": {
        "related": "purchases",
        "max": {"field": "bought_on", "op": "lt", "value": {"today": 0}},
    },
}


@pytest.fixture
def tier() -> Attribute:
    choices = [{"value": "gold", "label": "Gold"}]
    return Attribute.objects.create(name="tier", label="loyalty tier", kind="choice", choices=choices)


@pytest.mark.parametrize("sentence", PARTS)
def test_each_kind_of_condition_reads_as_a_sentence(sentence: str, tier: Attribute) -> None:
    with purchases():
        validate(PARTS[sentence])
        assert words(PARTS[sentence]) == sentence


def test_groups_are_read_inside_out_and_exceptions_come_last() -> None:
    chosen = RecipientList.objects.create(label="Staff")
    service = Service.objects.create(label="News")
    document = {
        "all": [
            {"not": {"in_list": chosen.pk}},
            COUNTRY,
            {"any": [{"subscribed_to": service.pk}, {"all": [{"delivery": "clicked"}, {"not": {"everyone": True}}]}]},
        ]
    }

    assert words(document) == (
        "Recipients whose country code is one of “FR” or “BE” and (subscribed to “News” or "
        "(who clicked in a delivery, except those of any kind)), except those in the list “Staff”."
    )


def test_deliveries_and_saved_filters_are_called_by_their_label() -> None:
    operation = make_operation()
    parameters = [{"name": "days", "label": "Days", "kind": "integer", "default": 30}]
    inner = {"delivery": "opened", "days": {"parameter": "days"}}
    saved = SavedFilter.objects.create(label="Active", filter=inner, parameters=parameters)

    assert words({"delivery": "failed", "of": {"operation": operation.pk}}) == (
        f"Recipients whom a delivery of the operation “{operation.label}” could not reach."
    )
    assert words({"saved": saved.pk, "with": {"days": 7}}) == (
        "Recipients who match the saved filter “Active” (Days: 7)."
    )
    assert words(saved.filter) == "Recipients who opened a delivery in the last the parameter “days” days."


def test_every_filter_has_words_in_both_languages_and_is_all_in_the_catalogue() -> None:
    lists = [RecipientList.objects.create(pk=7_654_321 + at, label=f"list {'ab'[at]}").pk for at in range(2)]
    services = [Service.objects.create(pk=8_654_321 + at, label=f"service {'ab'[at]}").pk for at in range(2)]

    @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(documents)
    def check(document: dict[str, Any]) -> None:
        document = _renumber(document, lists, services)
        for language in ("en", "fr"):
            with override(language):
                sentence = words(document)
            assert sentence.endswith(".")
            assert not re.search("[78]65432|%\\(", sentence)
        _covers(known, document)

    with purchases():
        known = catalogue()
        check()


def _covers(known: dict[str, Any], node: Any) -> None:
    """What the editor would need to show this node stands in the catalogue."""
    for key in ("all", "any"):
        for item in node.get(key, []):
            _covers(known, item)
    if "not" in node:
        _covers(known, node["not"])
    if "related" in node:
        related = next(entry for entry in known["related"] if entry["name"] == node["related"])
        _covers({**known, "fields": related["fields"]}, node.get("where", {}))
        for aggregate in related["aggregates"]:
            assert aggregate["name"] not in node or node[aggregate["name"]]["field"] in aggregate["fields"]
    if "field" in node and not node["field"].startswith("attributes."):
        name = node["field"].replace("denylist.", "denylist_")
        field = next(entry for entry in known["fields"] if entry["name"] == name)
        assert node["op"] in known["operators"][field["kind"]] or field["kind"] == "boolean"
