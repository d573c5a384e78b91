from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils.html import format_html

from operations.admin.panels import operation_panels
from operations.models import (
    Activity,
    ActivityRun,
    Operation,
    OperationState,
    RunLog,
    RunState,
    Workflow,
    WorkflowRun,
    WorkflowState,
)
from operations.workflow.definition import read_definition
from tests.factories import make_recipients
from tests.operations.factories import activity, drawing, make_list, people_of, run_drawing
from tests.operations.scheduling import make_drawn_workflow, make_scheduled_workflow

pytestmark = pytest.mark.django_db

ADMIN = "/admin/operations"


def page(client: Client, path: str) -> str:
    answer = client.get(f"{ADMIN}/{path}")
    assert answer.status_code == 200
    return answer.content.decode()


def press(client: Client, row: Operation | Workflow, button: str) -> str:
    answer = client.post(f"{ADMIN}/{row._meta.model_name}/{row.pk}/do/{button}/", follow=True)
    assert answer.status_code == 200
    row.refresh_from_db()
    return answer.content.decode()


def form_of(workflow: Workflow, **changes: Any) -> dict[str, Any]:
    values = {
        "label": workflow.label,
        "internal_name": workflow.internal_name,
        "operation": workflow.operation_id or "",
        "time_zone": workflow.time_zone,
        "description": workflow.description,
        "definition": json.dumps(read_definition(workflow)),
    }
    return {**values, **changes}


@pytest.mark.parametrize("name", ["plan", "program", "operation", "workflow", "workflowrun"])
def test_every_list_is_shown(name: str, admin_client: Client) -> None:
    page(admin_client, f"{name}/")


@pytest.mark.parametrize("name", ["plan", "program", "operation", "workflow"])
def test_every_row_can_be_added(name: str, admin_client: Client) -> None:
    page(admin_client, f"{name}/add/")


def test_the_page_of_an_operation_shows_its_workflows_and_the_panels_of_others(admin_client: Client) -> None:
    operation = Operation.objects.create(label="Christmas")
    workflow = make_drawn_workflow(operation=operation)
    operation_panels.add("test", lambda request, row: format_html("<p>panel of {}</p>", row.label))
    try:
        html = page(admin_client, f"operation/{operation.pk}/change/")
    finally:
        operation_panels._entries.pop("test")

    assert f"/admin/operations/workflow/{workflow.pk}/change/" in html
    assert f"/admin/operations/workflow/add/?operation={operation.pk}" in html
    assert "<p>panel of Christmas</p>" in html


def test_an_operation_is_started_and_cancelled_by_its_buttons(admin_client: Client) -> None:
    operation = Operation.objects.create(label="Christmas")
    workflow = make_drawn_workflow(operation=operation)

    assert "The operation is started." in press(admin_client, operation, "start")
    press(admin_client, workflow, "start")
    assert "The operation is cancelled" in press(admin_client, operation, "cancel")

    workflow.refresh_from_db()
    assert (operation.state, workflow.state) == (OperationState.CANCELLED, WorkflowState.FINISHED)


def test_a_workflow_added_from_an_operation_belongs_to_it_and_leads_to_its_definition(admin_client: Client) -> None:
    operation = Operation.objects.create(label="Christmas")
    form = page(admin_client, f"workflow/add/?operation={operation.pk}")

    answer = admin_client.post(
        f"{ADMIN}/workflow/add/", {"label": "Daily", "internal_name": "", "operation": operation.pk, "time_zone": ""}
    )

    workflow = Workflow.objects.get()
    assert f'<option value="{operation.pk}" selected>' in form
    assert workflow.operation == operation
    assert answer.headers["Location"] == f"{ADMIN}/workflow/{workflow.pk}/change/"
    assert "no_entry" in page(admin_client, f"workflow/{workflow.pk}/properties/")


def test_a_workflow_is_driven_by_its_buttons(admin_client: Client) -> None:
    workflow = make_drawn_workflow()
    states = []

    for button in ("start", "pause", "resume", "stop"):
        press(admin_client, workflow, button)
        states.append(workflow.state)

    assert states == [WorkflowState.STARTED, WorkflowState.PAUSED, WorkflowState.STARTED, WorkflowState.FINISHED]


def test_a_button_that_the_state_does_not_allow_says_why(admin_client: Client) -> None:
    workflow = make_drawn_workflow()

    html = page(admin_client, f"workflow/{workflow.pk}/properties/")
    press(admin_client, workflow, "pause")

    assert 'name="pause" class="button" aria-disabled="true"' in html
    assert workflow.state == WorkflowState.EDITED


def test_run_now_leads_to_the_run(admin_client: Client) -> None:
    document = {
        "activities": [{"name": "start", "type": "start"}, {"name": "end", "type": "end"}],
        "transitions": [{"source": "start", "outlet": "out", "target": "end"}],
    }
    workflow = make_drawn_workflow()
    admin_client.post(
        f"{ADMIN}/workflow/{workflow.pk}/properties/",
        form_of(workflow, definition=json.dumps({"version": workflow.version, **document})),
    )

    html = press(admin_client, workflow, "run_now")

    run = WorkflowRun.objects.get()
    assert (run.manual, run.entry) == (True, "")
    assert f"Run #{run.pk} is on its way." in html


def test_buttons_are_for_those_who_may_run_workflows(client: Client) -> None:
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    workflow = make_drawn_workflow()

    html = page(client, f"workflow/{workflow.pk}/change/") + page(client, f"workflow/{workflow.pk}/runs/")
    answer = client.post(f"{ADMIN}/workflow/{workflow.pk}/do/start/")

    assert "/do/start/" not in html
    assert answer.status_code == 403


def test_the_definition_is_edited_as_a_document(admin_client: Client) -> None:
    workflow = make_drawn_workflow()
    document = read_definition(workflow)
    document["activities"][0]["config"]["max_runs"] = 3
    document["activities"][0]["label"] = "Chaque <lundi>"

    answer = admin_client.post(
        f"{ADMIN}/workflow/{workflow.pk}/properties/", form_of(workflow, definition=json.dumps(document))
    )

    assert answer.status_code == 302
    assert Activity.objects.get(type="scheduler").config["max_runs"] == 3
    assert Workflow.objects.get().version == document["version"] + 1
    html = page(admin_client, f"workflow/{workflow.pk}/runs/")
    assert "Chaque &lt;lundi&gt;" in html
    assert "<lundi>" not in html


def test_saving_without_a_change_of_the_definition_makes_no_version(admin_client: Client) -> None:
    workflow = make_drawn_workflow()

    admin_client.post(f"{ADMIN}/workflow/{workflow.pk}/properties/", form_of(workflow, label="New name"))

    assert (Workflow.objects.get().label, Workflow.objects.get().version) == ("New name", workflow.version)


@pytest.mark.parametrize(
    ("definition", "sentence"),
    [
        ("{", "Enter a valid JSON."),
        ("[]", "A definition is an object"),
        ('{"version": 1, "activities": [{"name": "a", "type": "nonsense"}], "transitions": []}', "unknown_type"),
        (
            '{"version": 1, "activities": [{"name": "a", "type": "scheduler", "config": {}}], "transitions": []}',
            "schedule: This field is required",
        ),
        ('{"version": 0, "activities": [], "transitions": []}', "Version 1 was saved since you read version 0."),
    ],
)
def test_what_is_wrong_with_a_definition_is_named_and_the_text_is_kept(
    definition: str, sentence: str, admin_client: Client
) -> None:
    workflow = make_drawn_workflow()

    answer = admin_client.post(f"{ADMIN}/workflow/{workflow.pk}/properties/", form_of(workflow, definition=definition))

    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert Workflow.objects.get().version == workflow.version


def test_a_save_that_loses_the_race_is_told_and_changes_nothing(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from operations.workflow.definition import VersionConflict

    workflow = make_drawn_workflow()
    document = read_definition(workflow)
    document["activities"][0]["label"] = "Other"

    def lose(*arguments: Any, **options: Any) -> None:
        raise VersionConflict("Somebody was faster.")

    monkeypatch.setattr("operations.services.save_definition", lose)
    answer = admin_client.post(
        f"{ADMIN}/workflow/{workflow.pk}/properties/", form_of(workflow, definition=json.dumps(document)), follow=True
    )

    assert "Somebody was faster." in answer.content.decode()
    assert read_definition(workflow)["version"] == document["version"]


def test_the_next_ten_instants_are_shown_in_the_zone_of_the_workflow(admin_client: Client, now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule={"crontab": "0 6 * * *"}, valid_until="2099-12-31")

    html = page(admin_client, f"workflow/{workflow.pk}/runs/")

    assert "Next instants (Europe/Paris)" in html
    assert html.count(" 06:00 CE") == 10
    assert "more often than every 15 minutes" not in html


def test_a_schedule_that_comes_too_often_is_pointed_out(admin_client: Client, now: datetime) -> None:
    workflow = make_scheduled_workflow(started_at=now, schedule={"every": 5, "period": "minutes"})

    assert "more often than every 15 minutes" in page(admin_client, f"workflow/{workflow.pk}/runs/")


def test_a_workflow_at_work_can_not_be_deleted(admin_client: Client) -> None:
    workflow, other = make_drawn_workflow(), make_drawn_workflow()
    press(admin_client, workflow, "start")

    refused = admin_client.post(f"{ADMIN}/workflow/{workflow.pk}/delete/", {"post": "yes"})
    admin_client.post(f"{ADMIN}/workflow/{other.pk}/delete/", {"post": "yes"})

    assert refused.status_code == 403
    assert list(Workflow.objects.all()) == [workflow]


def make_run(workflow: Workflow, now: datetime, lines: int) -> WorkflowRun:
    run = WorkflowRun.objects.create(
        workflow=workflow,
        version=workflow.versions.get(),
        entry="every",
        scheduled_for=now,
        state=RunState.FAILED,
        error="The list <b>is</b> gone.",
    )
    activity = workflow.activities.get(name="every")
    task = ActivityRun.objects.create(run=run, activity=activity, name="every", outlets={"out": 52})
    RunLog.objects.bulk_create(
        RunLog(run=run, task=task, at=now + timedelta(seconds=number), message=f"line {number}.")
        for number in range(lines)
    )
    return run


def test_the_page_of_a_run_shows_tasks_outlets_and_log_and_nobody_edits_it(admin_client: Client, now: datetime) -> None:
    run = make_run(make_scheduled_workflow(started_at=now), now, lines=2)

    html = page(admin_client, f"workflowrun/{run.pk}/change/")

    assert "out: 52" in html
    assert html.index("line 0.") < html.index("line 1.")
    assert "The list &lt;b&gt;is&lt;/b&gt; gone." in html
    assert 'name="_save"' not in html
    assert admin_client.post(f"{ADMIN}/workflowrun/{run.pk}/change/", {"state": "4"}).status_code == 403


def test_a_french_reader_sees_in_french_the_run_of_an_english_process(admin_client: Client, now: datetime) -> None:
    everybody = make_list(make_recipients(2))
    target = activity("then", "list_update", list=make_list(label="<b>Ours</b>").pk)
    run = run_drawing(drawing([*people_of(everybody), target], "a → then"), now=now)
    assert run.log.filter(message="The run is finished.").exists()
    admin_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"

    html = page(admin_client, f"workflowrun/{run.pk}/change/").replace("\N{NO-BREAK SPACE}", " ")

    assert "« a » commence." in html
    assert "« a » est terminée en" in html
    assert "Liste « &lt;b&gt;Ours&lt;/b&gt; »" in html
    assert "L&#x27;exécution est terminée." in html
    assert "The run is finished." not in html


def test_a_long_log_is_shown_from_its_end_and_never_counted(
    admin_client: Client, now: datetime, django_assert_max_num_queries: Any
) -> None:
    run = make_run(make_scheduled_workflow(started_at=now), now, lines=520)

    with django_assert_max_num_queries(20) as captured:
        html = page(admin_client, f"workflowrun/{run.pk}/change/")

    assert "line 519." in html
    assert "line 10." not in html
    assert "The last 500 lines." in html
    assert not [query for query in captured if "COUNT(*)" in query["sql"] and "run" in query["sql"]]


def test_the_list_of_runs_is_filtered_by_workflow_and_never_counted_to_its_end(
    admin_client: Client, now: datetime, django_assert_max_num_queries: Any
) -> None:
    first, second = (make_scheduled_workflow(started_at=now) for _ in range(2))
    shown, hidden = make_run(first, now, lines=0), make_run(second, now, lines=0)

    with django_assert_max_num_queries(20) as captured:
        html = page(admin_client, f"workflowrun/?workflow__id__exact={first.pk}")

    assert f"/workflowrun/{shown.pk}/change/" in html
    assert f"/workflowrun/{hidden.pk}/change/" not in html
    counts = [query["sql"] for query in captured if "COUNT(*)" in query["sql"] and "workflowrun" in query["sql"]]
    assert all("LIMIT 10000" in count for count in counts)
