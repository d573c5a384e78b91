from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
import yaml

from operations.models import Activity
from operations.workflow.definition import InvalidDefinition, read_definition
from operations.workflow.exchange import export_document, import_document
from recipients.models import RecipientList, Service
from tests.operations.factories import activity, drawing, make_list, make_workflow
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
