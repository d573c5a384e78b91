"""Signals of other systems, as the service, the API and the command take them."""

from __future__ import annotations

import json
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from operations import signals
from operations.models import Activity, ExternalSignal, Workflow
from operations.workflow.variables import InvalidVariables
from tests.operations.activities.asking import make_user
from tests.operations.factories import activity, drawing, make_workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def workflow(now: datetime) -> Workflow:
    activities = [activity("s", "start"), activity("w", "external_signal"), activity("end", "end")]
    return make_workflow(drawing(activities, "s → w", "w → end"), now=now, internal_name="stock")


@pytest.fixture
def waiting(workflow: Workflow) -> Activity:
    return workflow.activities.get(name="w")


def client(*permissions: str) -> APIClient:
    found = APIClient()
    found.force_authenticate(make_user("ada", *permissions))
    return found


@pytest.mark.parametrize(
    "parameters", [{"_after": 1}, {"a b": 1}, {"a": [1]}, {"a": "x\0"}, {"a": 2**80}, {str(n): 1 for n in range(60)}]
)
def test_parameters_that_a_run_can_not_keep_are_refused(
    waiting: Activity, parameters: dict[str, Any], now: datetime
) -> None:
    with pytest.raises(InvalidVariables):
        signals.receive(waiting, parameters=parameters, now=now)


def test_only_an_activity_that_waits_for_signals_takes_them(workflow: Workflow, now: datetime) -> None:
    with pytest.raises(signals.NotASignal):
        signals.receive(workflow.activities.get(name="s"), parameters={}, now=now)


def test_signals_that_nobody_takes_do_not_pile_up(
    waiting: Activity, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signals, "MAXIMUM_KEPT", 1)
    signals.receive(waiting, parameters={}, now=now)

    with pytest.raises(signals.TooManySignals):
        signals.receive(waiting, parameters={}, now=now)


def test_another_system_signals_by_the_api(waiting: Activity) -> None:
    answer = client("run_workflow").post(f"/api/v1/activities/{waiting.pk}/signal/", {"parameters": {"stock": 3}})

    signal = ExternalSignal.objects.get()
    assert (answer.status_code, signal.parameters) == (201, {"stock": 3})
    assert (answer.data["id"], answer.data["activity"]) == (signal.pk, waiting.pk)


@pytest.mark.parametrize(
    ("permissions", "body", "status"),
    [((), {}, 403), (("run_workflow",), {"parameters": {"_x": 1}}, 400), (("run_workflow",), {"parameters": 1}, 400)],
)
def test_the_api_refuses(waiting: Activity, permissions: tuple[str, ...], body: dict[str, Any], status: int) -> None:
    assert client(*permissions).post(f"/api/v1/activities/{waiting.pk}/signal/", body).status_code == status
    assert not ExternalSignal.objects.exists()


def test_the_command_signals_by_name(workflow: Workflow) -> None:
    output = StringIO()

    call_command("signal", "stock", "w", "--set", "stock=3", "--set", "city=Lyon", "--json", stdout=output)

    assert ExternalSignal.objects.get().parameters == {"stock": 3, "city": "Lyon"}
    assert json.loads(output.getvalue())["activity"] == "w"


@pytest.mark.parametrize(
    "arguments",
    [["none", "w"], ["stock", "none"], ["stock", "s"], ["stock", "w", "--set", "_x=1"], ["stock", "w", "--set", "x"]],
)
def test_the_command_refuses_in_one_line(workflow: Workflow, arguments: list[str]) -> None:
    with pytest.raises((CommandError, SystemExit)):
        call_command("signal", *arguments)
