"""What a page says when it can't be shown: what happened, a code, one way on."""

from __future__ import annotations

import logging

import pytest
from django.contrib.auth.models import User
from django.test import Client

pytestmark = pytest.mark.django_db


def test_an_unknown_address_says_so_with_a_way_on(client: Client) -> None:
    answer = client.get("/no/such/page")

    body = answer.content.decode()
    assert answer.status_code == 404
    assert "There is nothing at this address" in body and "404" in body and 'href="/admin/"' in body


def test_who_lacks_the_right_is_told_whom_to_ask(client: Client) -> None:
    client.force_login(User.objects.create_user("nobody", is_staff=True))

    answer = client.get("/admin/deliveries/delivery/")

    assert answer.status_code == 403
    assert "You may not see this page" in answer.content.decode()


def test_a_form_without_its_token_changes_nothing_and_says_what_to_do() -> None:
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "a"})

    assert answer.status_code == 403
    assert "403-CSRF" in answer.content.decode()


def test_a_page_that_breaks_shows_the_code_that_the_log_explains(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("campaign_site.health.connection.cursor", break_down)
    client.raise_request_exception = False

    with caplog.at_level(logging.ERROR, "diffusion.errors"):
        answer = client.get("/health/ready")

    code = (
        next(record.getMessage() for record in caplog.records if record.name == "diffusion.errors")
        .split(":")[0]
        .removeprefix("Code ")
    )
    assert answer.status_code == 500
    assert code.startswith("500-") and code in answer.content.decode()


@pytest.mark.parametrize("path", ["/no/such/page", "/admin/login/"])
def test_the_pages_outside_speak_the_language_of_the_browser(client: Client, path: str) -> None:
    body = client.get(path, headers={"Accept-Language": "fr"}).content.decode()

    assert '<html lang="fr"' in body


def test_the_login_page_says_what_is_wrong_and_keeps_where_to_go(client: Client) -> None:
    answer = client.post("/admin/login/?next=/admin/sink/", {"username": "a", "password": "b", "next": "/admin/sink/"})

    body = answer.content.decode()
    assert 'role="alert"' in body and 'value="/admin/sink/"' in body
