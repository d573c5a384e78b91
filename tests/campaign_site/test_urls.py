from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

pytestmark = pytest.mark.django_db


def test_the_root_leads_to_the_admin(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/admin/"


def test_a_process_that_answers_is_live_and_ready(client: Client) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready", "database": "reachable"}


def test_without_a_database_it_lives_but_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("campaign_site.health.connection.cursor", refuse)

    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 503


def test_the_language_can_be_chosen(client: Client) -> None:
    answer = client.post("/i18n/setlang/", {"language": "fr", "next": "/admin/login/"})

    assert answer.status_code == 302
    assert client.get("/admin/login/").headers["Content-Language"] == "fr"


@pytest.mark.filterwarnings("default")
def test_the_schema_describes_the_api(client: Client) -> None:
    schema = client.get("/api/v1/schema/?format=json").json()

    assert schema["info"]["title"] == "Diffusion"
    assert {"/api/v1/options/{name}/", "/api/v1/mta-processes/"} <= set(schema["paths"])


def test_the_documentation_page_allows_inline_styles_and_no_inline_script(client: Client) -> None:
    answer = client.get("/api/v1/docs/")

    policy = answer.headers["Content-Security-Policy"]
    assert answer.status_code == 200
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "script-src" not in policy and "default-src 'self'" in policy
    assert "<script>" not in answer.content.decode()


def test_every_other_page_has_the_strict_policy(admin_client: Client) -> None:
    assert "unsafe-inline" not in admin_client.get("/admin/").headers["Content-Security-Policy"]


def test_the_list_of_lists_is_for_those_who_signed_in(client: Client, admin_client: Client) -> None:
    assert client.get("/api/v1/").status_code == 401
    assert "options" in admin_client.get("/api/v1/").json()
