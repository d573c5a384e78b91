from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from installation.models import Option
from installation.options import get_option, options

pytestmark = pytest.mark.django_db

NAME = "OPERATION_CONCURRENCY_LIMIT"


def command(*arguments: str) -> str:
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def test_the_command_reads_and_writes_an_option() -> None:
    assert command("option", "get", NAME) == "10\n"
    assert command("option", "set", NAME, "3") == "3\n"
    assert json.loads(command("option", "get", NAME, "--json")) == {"name": NAME, "value": 3}


@pytest.mark.parametrize(("name", "value"), [(NAME, "0"), (NAME, "many"), ("NONE", "1")])
def test_the_command_refuses_what_the_option_does_not_take(name: str, value: str) -> None:
    with pytest.raises(CommandError, match=name):
        command("option", "set", name, value)

    assert get_option(NAME) == 10


def test_the_api_shows_and_changes_an_option(admin_api: APIClient) -> None:
    assert admin_api.get(f"/api/v1/options/{NAME}/").json()["value"] == 10

    changed = admin_api.patch(f"/api/v1/options/{NAME}/", {"value": 4})

    assert (changed.status_code, changed.json()["value"]) == (200, 4)
    assert get_option(NAME) == 4
    listed = {row["name"]: row["value"] for row in admin_api.get("/api/v1/options/").json()["results"]}
    assert set(listed) == set(options.codes())
    assert (listed[NAME], listed["QUARANTINE_SOFT_ERRORS"]) == (4, 5)


@pytest.mark.parametrize("body", [{"value": 0}, {"value": "many"}, {"value": None}, {"value": True}, {}])
def test_the_api_names_the_field_of_a_bad_value(admin_api: APIClient, body: dict[str, object]) -> None:
    response = admin_api.patch(f"/api/v1/options/{NAME}/", body)

    assert response.status_code == 400
    assert response.json()["code"] == "invalid"
    assert list(response.json()["fields"]) == ["value"]


def test_an_undeclared_option_is_a_404(admin_api: APIClient) -> None:
    assert admin_api.get("/api/v1/options/NONE/").status_code == 404


def test_a_stranger_may_not_read_options() -> None:
    assert APIClient().get(f"/api/v1/options/{NAME}/").status_code == 401


def test_the_admin_lists_options_that_nobody_changed_and_edits_them(admin_client: Client) -> None:
    listed = admin_client.get("/admin/installation/option/")
    row = Option.objects.get(name=NAME)

    changed = admin_client.post(f"/admin/installation/option/{row.pk}/change/", {"value": "7"})

    assert NAME in listed.content.decode()
    assert changed.status_code == 302
    assert get_option(NAME) == 7


def test_the_admin_says_what_is_wrong_with_a_value(admin_client: Client) -> None:
    admin_client.get("/admin/installation/option/")
    row = Option.objects.get(name=NAME)

    answer = admin_client.post(f"/admin/installation/option/{row.pk}/change/", {"value": "0"})

    assert "takes a whole number from 1 to 10000" in answer.content.decode()
    assert get_option(NAME) == 10
