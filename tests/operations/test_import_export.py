"""Workflows as files: by the API and by the command, from one installation to another."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from operations.models import Workflow
from operations.workflow.definition import read_definition
from tests.factories import make_recipients
from tests.operations.factories import activity, drawing, make_list, make_operation, make_workflow, people_of

pytestmark = pytest.mark.django_db


def made(now: datetime) -> Workflow:
    steps = [*people_of(make_list(make_recipients(1))), activity("e", "end")]
    return make_workflow(drawing(steps, "a → e"), now=now, label="Welcome", description="For those who are new.")


def test_an_export_becomes_a_new_workflow_by_the_api(admin_client: Client, now: datetime) -> None:
    workflow, operation = made(now), make_operation()

    exported = admin_client.get(f"/api/v1/workflows/{workflow.pk}/export/")
    answer = admin_client.post(
        "/api/v1/workflows/import/", {"yaml": exported.content.decode(), "operation": operation.pk}, "application/json"
    )

    assert exported.headers["Content-Type"].startswith("application/yaml")
    assert answer.status_code == 201, answer.content
    copy = Workflow.objects.get(pk=answer.json()["id"])
    assert (copy.label, copy.description, copy.operation) == ("Welcome", "For those who are new.", operation)
    assert copy.time_zone == "Europe/Paris"
    assert read_definition(copy) == read_definition(workflow)


def test_what_is_no_export_is_refused_and_nothing_is_made(admin_client: Client) -> None:
    answer = admin_client.post("/api/v1/workflows/import/", {"yaml": "a: 1"}, "application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_definition")
    assert not Workflow.objects.exists()


def test_a_file_goes_out_and_comes_back_by_the_command(tmp_path: Path, now: datetime) -> None:
    workflow, file = made(now), tmp_path / "welcome.yaml"

    call_command("workflow", "export", str(workflow.pk), output=str(file), stdout=io.StringIO())
    call_command("workflow", "import", str(file), stdout=io.StringIO())

    assert read_definition(Workflow.objects.latest("pk")) == read_definition(workflow)
    assert Workflow.objects.count() == 2


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match=r"nowhere\.yaml can't be read"):
        call_command("workflow", "import", "nowhere.yaml")


def test_a_key_that_means_nothing_is_refused_by_name(admin_client: Client, now: datetime) -> None:
    workflow = made(now)
    document = read_definition(workflow)
    document["activities"][0]["colour"] = "red"

    answer = admin_client.put(f"/api/v1/workflows/{workflow.pk}/definition/", document, "application/json")

    assert answer.status_code == 400
    assert "unknown key colour" in answer.json()["detail"]
