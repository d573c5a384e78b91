from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django_celery_beat.models import PeriodicTask
from rest_framework.response import Response
from rest_framework.test import APIClient

from operations.api.extensions import ActivityAction, activity_actions
from operations.models import Activity, ActivityRun, Operation, RunLog, RunState, TaskState, Workflow, WorkflowRun
from operations.workflow.control import pause_run
from tests.operations.scheduling import WEEKLY, make_drawn_workflow, make_scheduled_workflow

pytestmark = pytest.mark.django_db

API = "/api/v1"


@pytest.fixture
def api(admin_user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(admin_user)
    return client


@pytest.fixture
def reader() -> APIClient:
    user = User.objects.create_user("reader")
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_a_plan_a_program_an_operation_and_a_workflow_are_made_and_read(api: APIClient) -> None:
    plan = api.post(f"{API}/plans/", {"label": "2026"}).json()
    program = api.post(f"{API}/programs/", {"label": "Loyalty", "plan": plan["id"]}).json()
    operation = api.post(f"{API}/operations/", {"label": "Birthdays", "program": program["id"]}).json()
    workflow = api.post(f"{API}/workflows/", {"label": "Daily", "operation": operation["id"]})

    assert (plan["label"], program["plan"]) == ("2026", plan["id"])
    assert {key: operation[key] for key in ("label", "program", "state", "starts_on", "ends_on")} == {
        "label": "Birthdays",
        "program": program["id"],
        "state": "edited",
        "starts_on": None,
        "ends_on": None,
    }
    assert workflow.status_code == 201
    assert {key: workflow.json()[key] for key in ("operation", "state", "failed", "time_zone")} == {
        "operation": operation["id"],
        "state": "edited",
        "failed": False,
        "time_zone": "",
    }


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("operations", {"label": "x", "starts_on": "2026-02-02", "ends_on": "2026-02-01"}, "ends_on"),
        ("operations", {"label": "x", "program": 99}, "program"),
        ("workflows", {"label": "x", "time_zone": "Mars/Base"}, "time_zone"),
        ("plans", {}, "label"),
    ],
)
def test_a_bad_field_is_named(path: str, body: dict[str, Any], field: str, api: APIClient) -> None:
    answer = api.post(f"{API}/{path}/", body)

    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "detail", "fields"}
    assert answer.json()["code"] == "invalid"
    assert list(answer.json()["fields"]) == [field]


def test_a_state_is_changed_by_actions_only(api: APIClient) -> None:
    workflow = make_drawn_workflow()

    answer = api.patch(f"{API}/workflows/{workflow.pk}/", {"state": "started", "failed": True, "label": "New"})

    assert (answer.json()["state"], answer.json()["failed"], answer.json()["label"]) == ("edited", False, "New")


def test_lists_are_filtered_by_the_fields_shown(api: APIClient) -> None:
    first, second = make_drawn_workflow(), make_drawn_workflow(name="weekly")
    api.post(f"{API}/workflows/{first.pk}/start/")

    def ids(query: str) -> list[Any]:
        document = api.get(f"{API}/{query}").json()
        assert set(document) == {"results", "next"}
        return [row["id"] for row in document["results"]]

    assert ids("workflows/?state=started") == [first.pk]
    assert ids("workflows/?state=edited") == [second.pk]
    assert set(ids(f"activities/?workflow={second.pk}")) == set(second.activities.values_list("pk", flat=True))
    assert ids(f"activities/?workflow={second.pk}&type=end") == [second.activities.get(type="end").pk]
    assert len(ids(f"transitions/?workflow={second.pk}")) == 1
    unknown = api.get(f"{API}/workflows/?state=asleep")
    assert (unknown.status_code, list(unknown.json()["fields"])) == (400, ["state"])


def test_the_definition_is_read_and_replaced_as_one_document(api: APIClient) -> None:
    workflow = make_drawn_workflow()
    address = f"{API}/workflows/{workflow.pk}/definition/"
    document = api.get(address).json()
    document["activities"][0]["config"]["max_runs"] = 3

    saved = api.put(address, document)

    assert saved.status_code == 200
    assert saved.json()["version"] == document["version"] + 1
    assert Activity.objects.get(workflow=workflow, type="scheduler").config["max_runs"] == 3
    assert api.put(address, {**saved.json()}).status_code == 200


def test_an_old_version_of_the_definition_is_a_conflict(api: APIClient) -> None:
    workflow = make_drawn_workflow()
    address = f"{API}/workflows/{workflow.pk}/definition/"
    document = api.get(address).json()
    api.put(address, document)

    answer = api.put(address, document)

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_a_fault_of_the_definition_is_named(api: APIClient) -> None:
    workflow = make_drawn_workflow()
    address = f"{API}/workflows/{workflow.pk}/definition/"
    document = api.get(address).json()
    document["activities"][0]["config"] = {"schedule": {"crontab": "99 6 * * *"}}

    answer = api.put(address, document)

    assert answer.status_code == 400
    assert "99 is no minute" in answer.json()["detail"]
    assert list(answer.json()["fields"]) == ["every"]


def test_a_workflow_is_driven_by_its_actions(api: APIClient) -> None:
    workflow = make_drawn_workflow()

    def act(verb: str) -> tuple[int, str]:
        answer = api.post(f"{API}/workflows/{workflow.pk}/{verb}/")
        return answer.status_code, answer.json().get("state", answer.json().get("code"))

    assert act("pause") == (409, "illegal_state")
    assert act("start") == (200, "started")
    assert PeriodicTask.objects.get(name__startswith=f"workflow:{workflow.pk}:").enabled
    assert act("pause") == (200, "paused")
    assert act("resume") == (200, "started")
    assert act("stop") == (200, "finished")
    assert not PeriodicTask.objects.filter(name__startswith=f"workflow:{workflow.pk}:", enabled=True).exists()


def test_run_now_answers_201_and_then_200_with_the_same_run(api: APIClient, now: datetime) -> None:
    workflow = make_drawn_workflow()
    body = {"scheduled_for": "2025-10-06T06:00:00", "entry": "every"}

    first = api.post(f"{API}/workflows/{workflow.pk}/run-now/", body)
    second = api.post(f"{API}/workflows/{workflow.pk}/run-now/", body)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"] == WorkflowRun.objects.get().pk
    assert WorkflowRun.objects.get().scheduled_for == now
    assert first.json()["state"] in ("waiting", "running")
    assert [task["name"] for task in first.json()["activities"]] == ["every", "end"]


def test_run_now_goes_on_by_itself(api: APIClient, django_capture_on_commit_callbacks: Any) -> None:
    workflow = make_drawn_workflow()

    with django_capture_on_commit_callbacks(execute=True):
        run = api.post(f"{API}/workflows/{workflow.pk}/run-now/", {"entry": "every"}).json()

    assert api.get(f"{API}/workflow-runs/{run['id']}/").json()["state"] == "finished"


def test_an_idempotency_key_makes_one_run(api: APIClient) -> None:
    workflow = make_drawn_workflow()
    address, headers = f"{API}/workflows/{workflow.pk}/run-now/", {"Idempotency-Key": "once"}

    first, second = (api.post(address, {"entry": "every"}, headers=headers) for _ in range(2))
    other = api.post(address, {"entry": ""}, headers=headers)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert WorkflowRun.objects.count() == 1


def test_a_run_shows_its_activities_with_counts_and_log(api: APIClient, now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now)
    run = WorkflowRun.objects.create(
        workflow=workflow,
        version=workflow.versions.get(),
        entry="every",
        scheduled_for=now,
        state=RunState.FAILED,
        error="No.",
    )
    task = ActivityRun.objects.create(
        run=run, activity=workflow.activities.get(name="every"), name="every", state=TaskState.DONE, outlets={"out": 52}
    )
    RunLog.objects.create(run=run, task=task, at=now, message="Ran.")
    RunLog.objects.create(run=run, at=now, level="warning", message="Late.")

    document = api.get(f"{API}/workflow-runs/?workflow={workflow.pk}&state=failed").json()["results"][0]

    assert {key: document[key] for key in ("id", "workflow", "scheduled_for", "state", "error")} == {
        "id": run.pk,
        "workflow": workflow.pk,
        "scheduled_for": "2025-10-06T06:00:00+02:00",
        "state": "failed",
        "error": "No.",
    }
    shown = document["activities"][0]
    assert (shown["name"], shown["state"], shown["outlets"]) == ("every", "done", {"out": 52})
    assert [line["message"] for line in shown["log"]] == ["Ran."]
    assert [(line["level"], line["message"]) for line in document["log"]] == [("warning", "Late.")]


def test_the_log_of_a_run_is_read_in_the_language_that_is_asked_for(api: APIClient, now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now)
    run = WorkflowRun.objects.create(
        workflow=workflow, version=workflow.versions.get(), entry="every", scheduled_for=now, state=RunState.RUNNING
    )
    pause_run(run, now=now)

    for language, said in (("en", "The run is paused."), ("fr", "L'exécution est en pause.")):
        document = api.get(f"{API}/workflow-runs/{run.pk}/", headers={"accept-language": language}).json()
        assert [line["message"] for line in document["log"]] == [said]


def test_a_page_of_runs_costs_the_same_whatever_its_length(
    api: APIClient, now: datetime, django_assert_max_num_queries: Any
) -> None:
    workflow = make_scheduled_workflow(started_at=now)
    version, activity = workflow.versions.get(), workflow.activities.get(name="every")
    for day in range(30):
        instant = now + timedelta(days=day)
        run = WorkflowRun.objects.create(workflow=workflow, version=version, entry="every", scheduled_for=instant)
        task = ActivityRun.objects.create(run=run, activity=activity, name="every")
        RunLog.objects.create(run=run, task=task, at=instant, message="Ran.")

    with django_assert_max_num_queries(6):
        assert len(api.get(f"{API}/workflow-runs/").json()["results"]) == 30


def test_the_types_are_listed_with_their_configuration(api: APIClient) -> None:
    types = {row["code"]: row for row in api.get(f"{API}/activity-types/").json()["results"]}

    scheduler = types["scheduler"]
    defaults = {field["name"]: field["default"] for field in scheduler["config"]}
    assert (scheduler["is_scheduler"], scheduler["maximum_inbound"]) == (True, 0)
    assert (defaults["overlap"], defaults["missed"], defaults["grace_minutes"]) == ("skip", "latest", 60)
    assert api.get(f"{API}/activity-types/scheduler/").json() == scheduler
    assert api.get(f"{API}/activity-types/none/").status_code == 404


@pytest.fixture
def greet() -> Any:
    def answer(activity: Activity, request: Any) -> Response:
        return Response({"greeted": activity.name}, status=201)

    activity_actions.add("greet", ActivityAction("operations.run_workflow", answer))
    yield
    activity_actions._entries.pop("greet")


@pytest.mark.usefixtures("greet")
def test_an_app_downstream_may_add_an_action_to_activities(api: APIClient, reader: APIClient) -> None:
    activity = make_drawn_workflow().activities.get(name="every")

    done = api.post(f"{API}/activities/{activity.pk}/greet/")

    assert (done.status_code, done.json()) == (201, {"greeted": "every"})
    assert reader.post(f"{API}/activities/{activity.pk}/greet/").status_code == 403
    assert api.post(f"{API}/activities/{activity.pk}/nothing/").status_code == 404
    assert api.post(f"{API}/activities/99/greet/").status_code == 404


def test_an_operation_is_started_and_cancelled_with_its_workflows(api: APIClient) -> None:
    operation = Operation.objects.create(label="Christmas")
    workflow = make_drawn_workflow(operation=operation)
    started = api.post(f"{API}/operations/{operation.pk}/start/")
    api.post(f"{API}/workflows/{workflow.pk}/start/")

    cancelled, again = (api.post(f"{API}/operations/{operation.pk}/cancel/") for _ in range(2))

    assert (started.status_code, started.json()["state"]) == (200, "started")
    assert (cancelled.status_code, cancelled.json()["state"], again.status_code) == (200, "cancelled", 200)
    assert api.get(f"{API}/workflows/{workflow.pk}/").json()["state"] == "finished"
    assert api.post(f"{API}/operations/{operation.pk}/start/").status_code == 409


def test_reading_needs_no_more_than_the_permission_to_view(reader: APIClient) -> None:
    operation = Operation.objects.create(label="Christmas")
    workflow = make_drawn_workflow(operation=operation)

    for path in ("plans", "programs", "operations", "workflows", "activities", "transitions", "workflow-runs"):
        assert reader.get(f"{API}/{path}/").status_code == 200
    assert reader.get(f"{API}/workflows/{workflow.pk}/definition/").status_code == 200
    for verb in ("start", "pause", "resume", "stop", "run-now"):
        assert reader.post(f"{API}/workflows/{workflow.pk}/{verb}/").status_code == 403
    for verb in ("start", "cancel"):
        assert reader.post(f"{API}/operations/{operation.pk}/{verb}/").status_code == 403
    assert reader.put(f"{API}/workflows/{workflow.pk}/definition/", {}).status_code == 403
    assert reader.post(f"{API}/plans/", {"label": "x"}).status_code == 403


@pytest.mark.parametrize("codename", ["run_workflow", "start_operation", "cancel_operation"])
def test_an_action_needs_its_own_permission_and_nothing_else(codename: str) -> None:
    user = User.objects.create_user("operator")
    user.user_permissions.add(Permission.objects.get(codename=codename))
    client = APIClient()
    client.force_authenticate(user)
    operation = Operation.objects.create(label="Christmas")
    workflow = make_drawn_workflow(operation=operation)

    answers = {
        "start_operation": client.post(f"{API}/operations/{operation.pk}/start/").status_code,
        "run_workflow": client.post(f"{API}/workflows/{workflow.pk}/start/").status_code,
        "cancel_operation": client.post(f"{API}/operations/{operation.pk}/cancel/").status_code,
    }

    assert {name for name, status in answers.items() if status == 200} == {codename}
    assert {status for name, status in answers.items() if name != codename} == {403}


def test_a_stranger_is_asked_to_sign_in() -> None:
    answer = APIClient().get(f"{API}/workflows/")

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_a_workflow_is_deleted_with_its_periodic_tasks_unless_it_is_at_work_or_has_run(api: APIClient) -> None:
    fresh, at_work, ran = (make_drawn_workflow() for _ in range(3))
    api.post(f"{API}/workflows/{at_work.pk}/start/")
    api.post(f"{API}/workflows/{ran.pk}/run-now/", {"entry": "every"})

    answers = [api.delete(f"{API}/workflows/{row.pk}/") for row in (fresh, at_work, ran)]

    assert [answer.status_code for answer in answers] == [204, 409, 409]
    assert [answer.json()["code"] for answer in answers[1:]] == ["illegal_state", "in_use"]
    assert not PeriodicTask.objects.filter(name__startswith=f"workflow:{fresh.pk}:").exists()
    assert set(Workflow.objects.values_list("pk", flat=True)) == {at_work.pk, ran.pk}
    assert PeriodicTask.objects.filter(name__startswith=f"workflow:{ran.pk}:").exists()


def test_the_schedule_of_the_contract_is_accepted_as_it_is_written(api: APIClient) -> None:
    workflow = api.post(f"{API}/workflows/", {"label": "Weekly", "time_zone": "Europe/Paris"}).json()
    document = {
        "version": 0,
        "activities": [
            {"name": "s", "type": "scheduler", "config": {"schedule": WEEKLY}},
            {"name": "e", "type": "end"},
        ],
        "transitions": [{"source": "s", "outlet": "out", "target": "e"}],
    }

    answer = api.put(f"{API}/workflows/{workflow['id']}/definition/", document)

    assert answer.status_code == 200, answer.json()
    assert answer.json()["activities"][0]["config"]["schedule"] == WEEKLY
