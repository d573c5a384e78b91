from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User

from operations.models import Activity
from operations.workflow.definition import InvalidDefinition, read_definition
from operations.workflow.exchange import export_document, import_document, imported_definition
from recipients.models import RecipientList, SavedFilter, Service
from tests.operations.factories import EVERYONE, activity, drawing, make_list, make_operation, make_workflow
from tests.operations.workflow.trials import Trial, registered

pytestmark = pytest.mark.django_db


def document() -> dict[str, Any]:
    chosen, service = make_list(label="Friends"), Service.objects.create(label="News")
    both = {"all": [{"in_list": chosen.pk}, {"not": {"subscribed_to": service.pk}}]}
    return drawing(
        [
            activity("q", "query", filter=both),
            activity("s", "split", subsets=[{"name": "a", "filter": {"in_list": chosen.pk}}]),
            activity("u", "list_update", list=chosen.pk),
        ],
        "q → s",
        "s.a → u",
    )


def test_an_export_names_lists_and_services_and_can_be_imported(now: datetime) -> None:
    workflow = make_workflow(document(), now=now)
    chosen, service = RecipientList.objects.get(), Service.objects.get()

    text = export_document(workflow)
    copy = make_workflow(now=now)
    import_document(copy, text)

    exported = yaml.safe_load(text)
    assert exported["activities"][0]["config"]["filter"] == {
        "all": [{"in_list": chosen.internal_name}, {"not": {"subscribed_to": service.internal_name}}]
    }
    assert exported["activities"][2]["config"]["list"] == chosen.internal_name
    assert "version" not in exported
    assert read_definition(copy) == read_definition(workflow)


def test_a_name_that_is_unknown_here_is_said(now: datetime) -> None:
    workflow = make_workflow(document(), now=now)
    text = export_document(workflow)
    RecipientList.objects.update(internal_name="foes")

    with pytest.raises(InvalidDefinition, match="friends") as caught:
        import_document(workflow, text)

    assert list(caught.value.fields) == ["q"]


class Travelling(Trial):
    """Carries something that its configuration does not hold."""

    code = "travelling"
    restored_with: Mapping[str, Any]

    def exported(self, activity: Activity) -> dict[str, Any]:
        return {**activity.config, "content": "Hello"}

    def imported(self, exported: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in exported.items() if key != "content"}

    def restored(self, activity: Activity, exported: Mapping[str, Any]) -> None:
        Travelling.restored_with = {"activity": activity.name, **exported}


def test_a_type_may_send_more_than_its_configuration(now: datetime) -> None:
    with registered(travelling=Travelling):
        workflow = make_workflow(drawing([activity("t", "travelling")]), now=now)

        import_document(make_workflow(now=now), export_document(workflow))

    assert Travelling.restored_with == {"activity": "t", "content": "Hello"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "activities: 3",
        "activities: [x]",
        "{",
        "!!python/object:os.system {}",
        "activities: []\nx: &a [1]\ny: *a",
        "activities: [{name: q, type: query, config: [1]}]",
    ],
)
def test_another_file_is_refused(text: str, now: datetime) -> None:
    with pytest.raises(InvalidDefinition):
        import_document(make_workflow(now=now), text)


def test_saved_filters_and_the_values_of_their_parameters_travel_by_name(now: datetime) -> None:
    chosen = make_list(label="Friends")
    parameters = [{"name": "who", "label": "Who", "kind": "list"}, {"name": "town", "label": "Town", "kind": "text"}]
    inside = {
        "all": [
            {"in_list": {"parameter": "who"}},
            {"field": "attributes.town", "op": "equals", "value": {"parameter": "town"}},
        ]
    }
    saved = SavedFilter.objects.create(label="Near", filter=inside, parameters=parameters)
    used = {"saved": saved.pk, "with": {"who": chosen.pk, "town": "Nîmes"}}
    workflow = make_workflow(drawing([activity("q", "query", filter=used)]), now=now)

    text = export_document(workflow)
    copy = make_workflow(now=now)
    import_document(copy, text)

    exported = yaml.safe_load(text)["activities"][0]["config"]["filter"]
    assert exported == {"saved": saved.internal_name, "with": {"who": chosen.internal_name, "town": "Nîmes"}}
    assert read_definition(copy) == read_definition(workflow)
    SavedFilter.objects.update(internal_name="other")
    with pytest.raises(InvalidDefinition, match="There is no saved filter with the internal name"):
        import_document(copy, text)


def test_what_a_behaviour_is_narrowed_to_travels_by_name(now: datetime) -> None:
    operation = make_operation()
    of = {"delivery": "received", "of": {"operation": operation.pk}}
    workflow = make_workflow(drawing([activity("q", "query", filter={"not": of})]), now=now)

    text = export_document(workflow)
    copy = make_workflow(now=now)
    import_document(copy, text)

    exported = yaml.safe_load(text)["activities"][0]["config"]["filter"]
    assert exported == {"not": {"delivery": "received", "of": {"operation": operation.internal_name}}}
    assert read_definition(copy) == read_definition(workflow)


def test_a_drawing_says_what_of_the_file_it_can_not_hold(now: datetime) -> None:
    with registered(travelling=Travelling):
        workflow = make_workflow(
            drawing([activity("t", "travelling"), activity("q", "query", filter=EVERYONE)]), now=now
        )
        user = User.objects.create_superuser("ada")

        imported = imported_definition(make_workflow(now=now), export_document(workflow), by=user)

    [warning] = imported["warnings"]
    assert "contents of messages" in warning
    assert "“t”" in warning
    assert "“q”" not in warning
