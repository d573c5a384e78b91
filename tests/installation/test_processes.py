from __future__ import annotations

import json
import os
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from installation.models import Process
from installation.processes import beat, missing_kinds, register_process, withdraw

pytestmark = pytest.mark.django_db


def command(*arguments: str) -> str:
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def test_live_processes_are_listed_and_then_what_is_missing() -> None:
    register_process(kind="mta", name="mta1", now=timezone.now())
    register_process(kind="web", name="web", now=timezone.now() - timedelta(minutes=1))
    Process.objects.update(memory_mb=23.04)

    assert command("processes").splitlines() == [
        f"mta@mta1 ({os.getpid()}) - 23.0 MB",
        "missing: web",
        "missing: worker",
        "missing: beat",
    ]


def test_the_json_of_processes_names_host_and_heartbeat() -> None:
    process = register_process(kind="mta", name="mta1", now=timezone.now())

    document = json.loads(command("processes", "--json"))

    assert [(row["kind"], row["name"], row["pid"]) for row in document["processes"]] == [("mta", "mta1", os.getpid())]
    assert document["processes"][0]["host"] == process.host
    assert document["missing"] == ["web", "worker", "beat"]


def test_a_heartbeat_says_when_the_process_is_asked_to_stop() -> None:
    now = timezone.now()
    process = register_process(kind="beat", name="beat", now=now)

    assert beat(process, now=now)
    Process.objects.update(stop_requested=True)
    assert not beat(process, now=now)
    withdraw(process)
    assert missing_kinds(now) == ["web", "worker", "beat", "mta"]


def test_the_api_shows_live_mta_processes_only(admin_api: APIClient) -> None:
    register_process(kind="mta", name="mta1", now=timezone.now(), affinities=["fast"])
    register_process(kind="mta", name="gone", now=timezone.now() - timedelta(minutes=1))
    register_process(kind="web", name="web", now=timezone.now())

    results = admin_api.get("/api/v1/mta-processes/").json()["results"]

    assert [(row["name"], row["affinities"]) for row in results] == [("mta1", ["fast"])]
    assert admin_api.post("/api/v1/mta-processes/", {}).status_code == 405


def test_the_admin_shows_processes_and_lets_nobody_edit_them(admin_client: Client) -> None:
    process = register_process(kind="mta", name="mta1", now=timezone.now())

    assert "mta@mta1" in admin_client.get("/admin/installation/process/").content.decode()
    assert admin_client.get("/admin/installation/process/add/").status_code == 403
    assert admin_client.post(f"/admin/installation/process/{process.pk}/change/", {}).status_code == 403


def test_a_token_is_made_once() -> None:
    user = User.objects.create_user("alice")

    first, second = command("api_token", "alice"), command("api_token", "alice", "--json")

    assert first.strip() == Token.objects.get(user=user).key
    assert json.loads(second) == {"user": "alice", "token": first.strip()}


def test_a_token_for_nobody_is_refused() -> None:
    with pytest.raises(CommandError, match="There is no user nobody"):
        command("api_token", "nobody")
