"""The query editor's questions, the pages of attributes and saved filters, and the API beside them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from recipients.admin.query_views import query_urls
from recipients.models import Attribute, RecipientList, SavedFilter
from tests.factories import make_recipients
from tests.recipients.factories import client_with, make_user

pytestmark = pytest.mark.django_db
FRENCH = {"all": [{"field": "country_code", "op": "equals", "value": "FR"}]}


def client(*codenames: str) -> Client:
    browser = Client()
    browser.force_login(make_user(*codenames))
    return browser


def ask(browser: Client, name: str, **body: Any) -> Any:
    return browser.post(query_urls()[name], json.dumps(body), content_type="application/json")


def test_a_filter_is_counted_read_back_and_its_people_shown() -> None:
    make_recipients(3, country_code="FR")
    browser = client("view_recipient")

    answer = ask(browser, "count", filter=FRENCH, mode="exact").json()
    assert answer == {
        "count": 3,
        "how": "exact",
        "text": "3",
        "warning": "",
        "words": "Recipients whose country code is “FR”.",
    }
    assert ask(browser, "waterfall", filter=FRENCH).json() == {
        "steps": {"all.0": {"alone": 3, "so_far": 3, "sampled": False}}
    }
    people = ask(browser, "preview", filter=FRENCH).json()["people"]
    assert {person["label"] for person in people} == {"First1 Last1", "First2 Last2", "First3 Last3"}
    assert ask(browser, "words", filter=FRENCH).json() == {"words": "Recipients whose country code is “FR”."}


def test_a_wrong_filter_is_refused_at_its_place() -> None:
    browser = client("view_recipient")

    answer = ask(browser, "count", filter={"all": [{"in_list": 999}]})

    assert (answer.status_code, answer.json()["fields"]) == (
        400,
        {"all.0.in_list": ["There is no recipient list 999."]},
    )
    assert browser.post(query_urls()["count"], "{", content_type="application/json").status_code == 400


def test_the_parameters_of_a_saved_filter_take_their_defaults_while_it_is_edited() -> None:
    make_recipients(1, country_code="FR")
    document = {"field": "country_code", "op": "equals", "value": {"parameter": "country"}}
    parameters = [{"name": "country", "label": "Country", "kind": "text", "default": "FR"}]

    answer = ask(client("view_recipient"), "count", filter=document, parameters=parameters).json()

    assert (answer["count"], "the parameter “country”" in answer["words"]) == (1, True)


def test_only_staff_who_may_see_recipients_are_answered() -> None:
    for browser in (Client(), client()):
        assert browser.get(query_urls()["catalogue"]).status_code == 403
        assert ask(browser, "count", filter=FRENCH).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user("view_recipient", name="other"))
    assert ask(strict, "count", filter=FRENCH).status_code == 403


def test_values_are_proposed_for_rows_choices_and_fields_but_not_for_personal_data() -> None:
    make_recipients(2, country_code="FR", attributes={"city": "Lyon"})
    chosen = RecipientList.objects.create(label="Staff of Lyon")
    Attribute.objects.create(
        name="tier",
        label="Tier",
        kind="choice",
        choices=[{"value": "g", "label": "Gold"}, {"value": "s", "label": "Silver"}],
    )
    browser = client("view_recipient")

    def labels(source: str, text: str = "", **more: Any) -> list[str]:
        answer = browser.get(query_urls()["values"], {"source": source, "q": text, **more})
        return [entry["label"] for entry in answer.json()["values"]]

    assert labels("in_list", "lyon") == ["Staff of Lyon"]
    assert labels("in_list", ids=str(chosen.pk)) == ["Staff of Lyon"]
    assert labels("field:country_code") == ["FR"]
    assert labels("field:attributes.city", "ly") == ["Lyon"]
    assert labels("field:attributes.tier", "go") == ["Gold"]
    assert labels("field:email", "person") == []
    assert labels("field:password") == labels("nothing") == labels("related:nothing:x") == []


def test_a_filter_is_saved_by_those_who_may() -> None:
    assert ask(client("view_recipient"), "saved", filter=FRENCH, label="F").status_code == 400
    browser = Client()
    browser.force_login(make_user("view_recipient", "add_savedfilter", name="saver"))

    assert ask(browser, "saved", filter=FRENCH, label=" ").status_code == 400
    made = ask(browser, "saved", filter=FRENCH, label="French").json()

    assert SavedFilter.objects.get(pk=made["id"]).filter == FRENCH


def test_the_pages_of_saved_filters_refuse_wrong_ones_and_keep_those_in_use() -> None:
    browser = client(
        "view_recipient", "view_savedfilter", "add_savedfilter", "change_savedfilter", "delete_savedfilter"
    )
    page = "/admin/recipients/savedfilter/"
    refused = browser.post(f"{page}add/", {"label": "A", "filter": '{"in_list": 999}', "parameters": "[]"})
    assert "There is no recipient list 999." in refused.content.decode()

    browser.post(f"{page}add/", {"label": "A", "filter": json.dumps(FRENCH), "parameters": "[]"})
    row = SavedFilter.objects.get()
    assert str(row.created_by) == "user"
    SavedFilter.objects.create(label="B", filter={"saved": row.pk})
    browser.post(f"{page}{row.pk}/delete/", {"post": "yes"})
    assert SavedFilter.objects.filter(pk=row.pk).exists()


def test_an_attribute_is_declared_on_its_page_and_its_name_stays() -> None:
    browser = client("view_attribute", "add_attribute", "change_attribute", "delete_attribute")
    page = "/admin/recipients/attribute/"
    refused = browser.post(f"{page}add/", {"name": "tier", "label": "Tier", "kind": "choice", "choices": "[]"})
    assert "A choice needs its values" in refused.content.decode()

    browser.post(f"{page}add/", {"name": "tier", "label": "Tier", "kind": "text", "choices": "[]"})
    row = Attribute.objects.get()
    browser.post(f"{page}{row.pk}/change/", {"name": "x", "label": "Loyalty", "kind": "text", "choices": "[]"})
    row.refresh_from_db()
    assert (row.name, row.label) == ("tier", "Loyalty")
    browser.post(f"{page}{row.pk}/delete/", {"post": "yes"})
    assert not Attribute.objects.exists()


def test_the_api_declares_attributes_saves_filters_and_counts() -> None:
    make_recipients(2, country_code="FR")
    names = [
        f"{verb}_{model}" for verb in ("view", "add", "change", "delete") for model in ("attribute", "savedfilter")
    ]
    api = client_with("view_recipient", *names)

    made = api.post("/api/v1/attributes/", {"name": "tier", "label": "Tier", "kind": "text"}, format="json")
    assert made.status_code == 201
    wrong = api.patch(f"/api/v1/attributes/{made.json()['id']}/", {"name": "x"}, format="json")
    assert (wrong.status_code, list(wrong.json()["fields"])) == (400, ["name"])
    saved = api.post("/api/v1/saved-filters/", {"label": "F", "filter": FRENCH}, format="json").json()
    bad = api.patch(f"/api/v1/saved-filters/{saved['id']}/", {"filter": {"in_list": 999}}, format="json")
    assert (bad.status_code, list(bad.json()["fields"])) == (400, ["in_list"])

    answer = api.post("/api/v1/recipients/count/", {"filter": {"all": [{"saved": saved["id"]}]}}, format="json").json()
    assert (answer["count"], answer["how"]) == (2, "exact")
    assert answer["words"] == "Recipients who match the saved filter “F”."
    assert answer["waterfall"] == [{"path": "all.0", "alone": 2, "so_far": 2, "sampled": False}]
    assert client_with().post("/api/v1/recipients/count/", {"filter": FRENCH}, format="json").status_code == 403
