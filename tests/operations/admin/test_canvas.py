"""The drawing's page and what its scripts ask for."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from operations.models import Workflow
from operations.workflow.definition import read_definition
from operations.workflow.registry import activity_types
from tests.factories import make_recipient, make_recipients
from tests.operations.factories import (
    EVERYONE,
    activity,
    drawing,
    make_list,
    make_operation,
    make_workflow,
    people_of,
    run_drawing,
    run_once,
)

pytestmark = pytest.mark.django_db


def canvas_data(client: Client, workflow: Workflow) -> dict[str, Any]:
    html = client.get(f"/admin/operations/workflow/{workflow.pk}/change/").content.decode()
    text = html.split('<script id="canvas-data" type="application/json">')[1].split("</script>")[0]
    return dict(json.loads(text))


def ask(client: Client, workflow: Workflow, endpoint: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/admin/operations/workflow/{workflow.pk}/canvas/{endpoint}/", query)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def send(client: Client, workflow: Workflow, name: str, body: Any, status: int = 200) -> dict[str, Any]:
    address = f"/admin/operations/workflow/{workflow.pk}/canvas/{name}/"
    answer = client.post(address, json.dumps(body), content_type="application/json")
    assert answer.status_code == status, answer.content
    return dict(answer.json())


def two_lists(people: int = 3) -> dict[str, Any]:
    first, second = make_list(make_recipients(people)), make_list([make_recipient(100)])
    return drawing([*people_of(first, second), activity("u", "union"), activity("e", "end")], *ARROWS)


ARROWS = ("a → u", "b → u", "u → e")


def test_the_page_is_a_frame_with_labelled_regions_and_one_document(admin_client: Client, now: datetime) -> None:
    workflow = make_workflow(two_lists(), now=now)
    html = admin_client.get(f"/admin/operations/workflow/{workflow.pk}/change/").content.decode()

    for region in ("toolbar", "palette", "paper", "panel", "log", "runs", "zoom", "minimap", "live"):
        assert f'id="canvas-{region}"' in html
    assert "canvas-page" in html
    assert 'type="module" src="/static/operations/canvas/main' in html


def test_the_document_holds_the_types_the_drawing_and_the_addresses(admin_client: Client, now: datetime) -> None:
    operation = make_operation()
    workflow = make_workflow(two_lists(), now=now, operation=operation)

    data = canvas_data(admin_client, workflow)

    assert data["workflow"]["operation"]["label"] == operation.label
    assert data["may"] == {"change": True, "run": True, "export": True}
    assert data["definition"] == read_definition(workflow)
    assert [row["code"] for row in data["types"]] == activity_types.codes()
    assert {"name": "email", "label": "e-mail", "kind": "text"} in data["fields"]["columns"]
    for name in ("state", "versions", "task_log", "export"):
        assert admin_client.get(data["urls"][name]).status_code == 200
    assert set(data["urls"]["actions"]) >= {"start", "pause", "resume", "stop", "run_now"}


def test_what_a_fresh_activity_starts_with_has_outlets_and_a_sentence(admin_client: Client, now: datetime) -> None:
    types = {row["code"]: row for row in canvas_data(admin_client, make_workflow(now=now))["types"]}

    assert types["fork"]["outlets"] == ["branch 1", "branch 2"]
    assert types["split"]["outlet_labels"] == {"half": "half", "rest": "Remainder"}
    assert types["scheduler"]["defaults"]["schedule"] == {"crontab": "0 9 * * *"}
    assert types["recurring_delivery"]["allowed"] is False
    assert types["recurring_delivery"]["why_not"] == "Exists only in the workflow of an operation."


def test_the_state_tells_counts_populations_and_what_changed_since_the_previous_run(
    admin_client: Client, now: datetime
) -> None:
    workflow = make_workflow(two_lists(people=3), now=now)
    first = run_once(workflow, now=now)
    run = run_once(workflow, now=now, scheduled_for=now.replace(hour=9))

    state = ask(admin_client, workflow, "state")

    assert [line["id"] for line in state["runs"]] == [run.pk, first.pk]
    assert state["run"]["id"] == run.pk
    assert (state["run"]["previous"]["id"], state["run"]["previous"]["difference"]) == (first.pk, 0)
    task = state["run"]["tasks"]["u"]
    assert (task["state"], task["tone"], task["outlets"]["out"], task["fired"]) == ("done", "ok", 4, ["out"])
    assert task["text"].startswith("finished · ")
    assert task["populations"]["out"] > 0
    assert state["engine"] == {"alive": False, "command": "./diffusion worker"}
    assert ask(admin_client, workflow, "state", run=first.pk)["run"]["id"] == first.pk
    assert ask(admin_client, workflow, "state", run="none")["run"] is None
    assert state["actions"]["start"] == {"enabled": True, "why": ""}
    assert state["actions"]["pause"]["enabled"] is False


@pytest.mark.parametrize("where", ["change/", "canvas/state/", "runs/"])
def test_the_queries_grow_neither_with_the_runs_nor_with_the_people(
    where: str, admin_client: Client, now: datetime, django_assert_max_num_queries: Any
) -> None:
    few, many = make_workflow(two_lists(2), now=now), make_workflow(two_lists(30), now=now)
    run_once(few, now=now)
    for hour in range(5, 12):
        run_once(many, now=now, scheduled_for=now.replace(hour=hour))
    admin_client.get(f"/admin/operations/workflow/{few.pk}/{where}")

    with django_assert_max_num_queries(45) as of_few:
        admin_client.get(f"/admin/operations/workflow/{few.pk}/{where}")
    with django_assert_max_num_queries(len(of_few) + 2):
        admin_client.get(f"/admin/operations/workflow/{many.pk}/{where}")


def test_an_activity_is_checked_while_it_is_edited(admin_client: Client, now: datetime) -> None:
    workflow = make_workflow(two_lists(), now=now)
    body = {"name": "w", "type": "wait", "config": {"duration": 2, "unit": "days"}, "sources": ["a"]}

    good = send(admin_client, workflow, "validate", body)
    bad = send(admin_client, workflow, "validate", {**body, "config": {"duration": 0, "colour": 1}})
    unknown = send(admin_client, workflow, "validate", {"type": "nonsense"})

    assert (good["config"], good["errors"]) == ({"duration": 2, "unit": "days"}, {})
    assert (good["outlets"], good["summary"]) == (["out"], "2 days")
    assert bad["config"] is None
    assert "colour" in bad["errors"]
    assert "type" in unknown["errors"]


def test_a_reader_sees_the_drawing_and_changes_nothing(client: Client, now: datetime) -> None:
    workflow = make_workflow(two_lists(), now=now)
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(reader)

    data = canvas_data(client, workflow)

    assert (data["may"]["change"], data["may"]["run"], data["urls"]["actions"]) == (False, False, {})
    for name in ("editing", "import", "restart"):
        answer = client.post(f"/admin/operations/workflow/{workflow.pk}/canvas/{name}/", "{}", "application/json")
        assert answer.status_code == 403


def test_who_edits_is_told_to_the_others_until_they_leave(admin_client: Client, now: datetime) -> None:
    workflow = make_workflow(now=now)
    other = Client()
    other.force_login(User.objects.create_superuser("idriss", first_name="Idriss"))

    send(other, workflow, "editing", {"active": True})
    seen = ask(admin_client, workflow, "state")["editing"]
    own = ask(other, workflow, "state")["editing"]
    send(other, workflow, "editing", {"active": False})

    assert [row["user"] for row in seen] == ["Idriss"]
    assert own == []
    assert ask(admin_client, workflow, "state")["editing"] == []


def test_the_log_of_a_run_and_of_a_task(admin_client: Client, now: datetime) -> None:
    run = run_drawing(two_lists(), now=now)

    whole = ask(admin_client, run.workflow, "task_log", run=run.pk)
    one = ask(admin_client, run.workflow, "task_log", run=run.pk, name="u")

    assert whole["lines"][0]["text"] == "The run is finished."
    assert {line["activity"] for line in one["lines"]} == {"u"}
    assert whole["next"] is None


def test_versions_say_what_changed_and_give_their_drawing_back(admin_client: Client, now: datetime) -> None:
    workflow = make_workflow(two_lists(), now=now)
    document = read_definition(workflow)
    document["activities"][2]["label"] = "Everybody"
    document["activities"].append(activity("w", "wait", duration=1))
    answer = admin_client.put(
        f"/api/v1/workflows/{workflow.pk}/definition/", json.dumps(document), content_type="application/json"
    )
    assert answer.status_code == 200, answer.content

    versions = ask(admin_client, workflow, "versions")["versions"]
    first = admin_client.get(f"/admin/operations/workflow/{workflow.pk}/versions/1/").json()

    assert [row["number"] for row in versions] == [2, 1]
    assert versions[0]["summary"] == "1 activity added, 1 changed"
    assert (versions[0]["by"], versions[0]["is_current"]) == ("admin", True)
    kinds = {(row["kind"], row["name"]) for row in first["diff"]}
    assert kinds == {("added", "w"), ("changed", "u")}
    restored = admin_client.put(
        f"/api/v1/workflows/{workflow.pk}/definition/", json.dumps(first["definition"]), content_type="application/json"
    )
    assert restored.status_code == 200
    assert [row["label"] for row in restored.json()["activities"]] == ["", "", "", ""]


def test_an_export_comes_back_unsaved(admin_client: Client, now: datetime) -> None:
    workflow, other = make_workflow(two_lists(), now=now), make_workflow(now=now)
    exported = admin_client.get(f"/admin/operations/workflow/{workflow.pk}/canvas/export/")

    given = send(admin_client, other, "import", {"yaml": exported.content.decode()})
    refused = send(admin_client, other, "import", {"yaml": "nonsense"}, status=400)

    assert "attachment" in exported.headers["Content-Disposition"]
    assert [row["name"] for row in given["definition"]["activities"]] == ["a", "b", "u", "e"]
    assert read_definition(other)["activities"] == []
    assert "This is not an exported workflow" in refused["detail"]


def test_a_failed_task_starts_again_and_a_done_one_does_not(admin_client: Client, now: datetime) -> None:
    steps = [activity("s", "start"), activity("d", "deduplication"), activity("e", "end")]
    workflow = make_workflow(drawing(steps, "s → d", "d → e"), now=now)
    run = run_once(workflow, now=now)

    before = ask(admin_client, workflow, "state")["run"]["tasks"]
    nobody = send(admin_client, workflow, "restart", {"run": run.pk, "task": "nobody"}, status=400)
    done = send(admin_client, workflow, "restart", {"run": run.pk, "task": "s"}, status=400)
    after = send(admin_client, workflow, "restart", {"run": run.pk, "task": "d"})

    assert (before["d"]["state"], before["d"]["may_restart"], before["s"]["may_restart"]) == ("failed", True, False)
    assert "No people come in" in before["d"]["error"]
    assert nobody["detail"] == "There is no such task in this run."
    assert "Run the workflow again instead." in done["detail"]
    assert (after["run"]["state"], after["run"]["tasks"]["d"]["state"]) == ("running", "waiting")


def test_an_unknown_endpoint_and_a_wrong_method_are_refused(admin_client: Client, now: datetime) -> None:
    workflow = make_workflow(now=now)

    assert admin_client.get(f"/admin/operations/workflow/{workflow.pk}/canvas/nonsense/").status_code == 404
    assert admin_client.get(f"/admin/operations/workflow/{workflow.pk}/canvas/validate/").status_code == 405
    assert send(admin_client, workflow, "validate", [], status=400)["detail"] == "The request is not a JSON object."


OURS = """
    and_join deduplication end exclusion fork incremental_query intersection list_update query read_list scheduler
    split start test union wait email_delivery recurring_delivery continuous_delivery
"""


def test_every_field_of_every_type_has_an_editor_of_its_own(admin_client: Client, now: datetime) -> None:
    types = canvas_data(admin_client, make_workflow(now=now))["types"]
    types = [row for row in types if row["code"] in OURS.split()]
    fields = [(row["code"], field) for row in types for field in row["fields"]]

    assert [(code, field["name"]) for code, field in fields if field["editor"] == "json"] == []
    assert [(code, field["name"]) for code, field in fields if not field["label"]] == []
    assert [row["code"] for row in types if not row["description"] or row["icon"] == "square"] == []


def test_a_filter_is_read_back_in_words(admin_client: Client, now: datetime) -> None:
    body = {"name": "q", "type": "query", "config": {"filter": EVERYONE}, "sources": []}

    assert send(admin_client, make_workflow(now=now), "validate", body)["summary"] == "All recipients."


def population(client: Client, workflow: Workflow) -> str:
    number = ask(client, workflow, "state")["run"]["tasks"]["u"]["populations"]["out"]
    return f"/admin/operations/workflow/{workflow.pk}/population/{number}/"


def test_the_people_of_a_population_come_in_hundreds_and_as_a_file(
    admin_client: Client, now: datetime, django_assert_max_num_queries: Any
) -> None:
    workflow = run_drawing(two_lists(people=150), now=now).workflow
    address = population(admin_client, workflow)

    with django_assert_max_num_queries(14):
        first = admin_client.get(address, {"format": "json"}).json()
    second = admin_client.get(first["next"]).json()
    lines = b"".join(admin_client.get(first["csv"]).streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    html = admin_client.get(address).content.decode()

    assert (first["count"], len(first["people"]), len(second["people"]), second["next"]) == (151, 100, 51, None)
    assert not {row["id"] for row in first["people"]} & {row["id"] for row in second["people"]}
    assert len(lines) == 152
    assert html.count("Why is this person here?") == 100


def test_a_name_that_a_spreadsheet_would_calculate_is_written_as_text(admin_client: Client, now: datetime) -> None:
    chosen = make_list([make_recipient(1, first_name="=1+1")])
    steps = [activity("a", "read_list", list=chosen.pk), activity("u", "union"), activity("e", "end")]
    workflow = run_drawing(drawing(steps, "a → u", "u → e"), now=now).workflow

    answer = admin_client.get(population(admin_client, workflow), {"format": "csv"})

    assert "'=1+1" in b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


def test_why_somebody_is_among_the_people_is_told_step_by_step(admin_client: Client, now: datetime) -> None:
    workflow = run_drawing(two_lists(), now=now).workflow
    address = population(admin_client, workflow)
    people = admin_client.get(address, {"format": "json"}).json()["people"]
    stranger = make_recipient(999)

    html = admin_client.get(people[0]["why"]).content.decode()
    other = admin_client.get(f"{address}why/{stranger.pk}/").content.decode()

    assert people[0]["label"] in html
    assert "This person is not among these people." not in html
    assert "This person is not among these people." in other


def test_people_are_for_those_who_may_see_recipients(client: Client, admin_client: Client, now: datetime) -> None:
    workflow = run_drawing(two_lists(), now=now).workflow
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.set(Permission.objects.filter(codename="view_workflow"))
    address = population(admin_client, workflow)
    client.force_login(reader)

    assert client.get(address).status_code == 403


def test_a_type_with_a_permission_is_drawn_only_by_those_who_have_it(
    client: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_types.get("list_update"), "permission", "recipients.change_recipientlist")
    chosen = make_list()
    steps = [*people_of(chosen), activity("l", "list_update", list=chosen.pk)]
    workflow = make_workflow(drawing(steps, "a → l"), now=now)
    editor = User.objects.create_user("editor", is_staff=True)
    editor.user_permissions.set(Permission.objects.filter(codename__in=["view_workflow", "change_workflow"]))
    client.force_login(editor)
    address, document = f"/api/v1/workflows/{workflow.pk}/definition/", read_definition(workflow)

    moved = {**document, "activities": [{**row, "x": 40} for row in document["activities"]]}
    kept = client.put(address, moved, "application/json")
    document["version"], document["activities"][1]["config"]["mode"] = 2, "replace"
    changed = client.put(address, document, "application/json")
    types = {row["code"]: row for row in canvas_data(client, workflow)["types"]}

    assert kept.status_code == 200, kept.content
    assert (changed.status_code, changed.json()["code"]) == (400, "activity_not_allowed")
    assert types["list_update"]["allowed"] is False
