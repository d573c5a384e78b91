"""A rehearsal says what the coming weeks would bring, and leaves no trace."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from operations import services
from operations.models import Operation, Rehearsal, RehearsalState, Workflow, WorkflowRun
from operations.rehearsal.report import table_lines
from operations.rehearsal.request import InvalidPeriod, request_rehearsal
from operations.rehearsal.work import LEASE, waiting_rehearsals, work_on
from recipients.models import RecipientList
from tests.deliveries.factories import make_delivery, make_template
from tests.factories import make_recipient, make_recipients
from tests.flows.series import HTML, pump, scheduler, start_line
from tests.operations.factories import activity, drawing, make_operation

pytestmark = pytest.mark.django_db
EVERYONE = {"everyone": True}


def draw(*activities: dict[str, Any], now: datetime) -> Workflow:
    """These activities one after the other, in a workflow that nobody has started."""
    workflow = Workflow.objects.create(label="Birthdays", operation=make_operation(), time_zone="Europe/Paris")
    names = [item["name"] for item in activities]
    arrows = [f"{source} → {target}" for source, target in pairwise(names)]
    services.save_definition(workflow, drawing(activities, *arrows), now=now)
    workflow.refresh_from_db()
    return workflow


def rehearse(workflow: Workflow, now: datetime, weeks: int = 4) -> dict[str, Any]:
    rehearsal = request_rehearsal(workflow=workflow, weeks=weeks, now=now)
    assert work_on(rehearsal.pk, now=now)
    rehearsal.refresh_from_db()
    assert rehearsal.state == RehearsalState.DONE, rehearsal.error
    result: dict[str, Any] = rehearsal.result
    return result


def deliver(kind: str = "recurring_delivery", **config: Any) -> dict[str, Any]:
    return activity("mail", kind, template=make_template(html=HTML).pk, **config)


def everything() -> dict[str, int]:
    """How many rows each table has, the rehearsals' own apart."""
    models = [model for model in apps.get_models() if model is not Rehearsal and model._meta.managed]
    return {model._meta.label: model._default_manager.count() for model in models}


def test_each_coming_run_says_who_would_be_targeted_and_who_dropped_by_which_rule(now: datetime) -> None:
    make_recipients(3)
    make_recipient(4, denylist_email=True)
    make_recipient(5, email="")
    weekly = draw(scheduler("0 6 * * 1"), activity("all", "query", filter=EVERYONE), deliver(), now=now)

    runs = rehearse(weekly, now)["runs"]

    assert [run["scheduled_for"][:10] for run in runs] == ["2025-10-13", "2025-10-20", "2025-10-27", "2025-11-03"]
    # Six in Paris, before and after the change of hour.
    assert [run["scheduled_for"][11:16] for run in runs] == ["04:00", "04:00", "05:00", "05:00"]
    assert {run["state"] for run in runs} == {"finished"}
    assert runs[0]["tasks"]["all"]["outlets"] == {"out": 5}
    assert runs[0]["tasks"]["mail"]["delivery"] == {
        "label": "Birthday – 2025-10-13",
        "kind": "recurring",
        "targeted": 5,
        "to_deliver": 3,
        "ignored": {"denylisted": 1, "address_not_specified": 1},
        "already_in_delivery": 0,
        "warnings": [],
    }
    assert runs[0]["tasks"]["mail"]["outlets"] == {"out": 3}


def test_nothing_is_written(now: datetime) -> None:
    make_recipients(3)
    kept = RecipientList.objects.create(label="Kept")
    write = activity("write", "list_update", list=kept.pk, outbound=True)
    new = activity("new", "incremental_query", filter=EVERYONE)
    workflow = draw(scheduler("0 6 * * *"), new, write, deliver(), now=now)
    before = everything()

    runs = rehearse(workflow, now, weeks=1)["runs"]

    assert everything() == before
    assert runs[0]["tasks"]["write"]["passed_over"] is True
    assert runs[0]["tasks"]["mail"]["delivery"]["to_deliver"] == 3
    workflow.refresh_from_db()
    assert workflow.started_at is None


def test_a_simulated_run_remembers_those_before_it(now: datetime) -> None:
    make_recipients(3)
    new = activity("new", "incremental_query", filter=EVERYONE, history_days=10)
    workflow = draw(scheduler("0 6 * * 1"), new, deliver(), now=now)

    runs = rehearse(workflow, now)["runs"]

    # Ten days: every second Monday.
    assert [run["tasks"]["new"]["outlets"].get("out", 0) for run in runs] == [3, 0, 3, 0]


def test_the_memory_of_the_real_runs_counts(now: datetime) -> None:
    make_recipients(3)
    new = activity("new", "incremental_query", filter=EVERYONE)
    workflow = start_line(scheduler("0 6 * * 1"), new, deliver(), now=now - timedelta(days=1))
    pump(workflow, now)
    make_recipient(4)

    runs = rehearse(workflow, now, weeks=2)["runs"]

    assert [run["tasks"]["new"]["outlets"].get("out", 0) for run in runs] == [1, 0]
    assert WorkflowRun.objects.count() == 1


def test_a_continuous_delivery_adds_each_person_once(now: datetime) -> None:
    make_recipients(3)
    everyone = activity("all", "query", filter=EVERYONE)
    workflow = start_line(scheduler("0 6 * * 1"), everyone, deliver("continuous_delivery"), now=now - timedelta(days=1))
    pump(workflow, now)
    make_recipient(4)

    runs = rehearse(workflow, now, weeks=2)["runs"]

    said = [run["tasks"]["mail"]["delivery"] for run in runs]
    assert [(one["targeted"], one["to_deliver"], one["already_in_delivery"]) for one in said] == [(1, 1, 3), (0, 0, 4)]


def test_waits_pass_on_simulated_time_and_hold_the_next_run_back(now: datetime) -> None:
    make_recipients(2)
    slow = activity("rest", "wait", duration=36, unit="hours")
    workflow = draw(scheduler("0 6 * * *"), activity("all", "query", filter=EVERYONE), slow, deliver(), now=now)

    runs = rehearse(workflow, now, weeks=1)["runs"]

    assert [run["state"] for run in runs][:4] == ["finished", "skipped", "finished", "skipped"]


def test_a_run_that_would_fail_ends_the_rehearsal_with_its_reason(now: datetime) -> None:
    start = activity("tick", "scheduler", schedule={"crontab": "0 6 * * *"})
    workflow = draw(start, deliver(), now=now)

    result = rehearse(workflow, now, weeks=1)

    assert [run["state"] for run in result["runs"]] == ["failed"]
    assert "No people come in" in result["runs"][0]["error"]
    assert result["suspended"] is True


def test_a_rehearsal_whose_process_died_is_taken_up_again(now: datetime) -> None:
    workflow = draw(activity("all", "query", filter=EVERYONE), deliver("email_delivery"), now=now)
    rehearsal = request_rehearsal(workflow=workflow, now=now)
    Rehearsal.objects.update(state=RehearsalState.RUNNING, lease_until=now + LEASE)

    assert waiting_rehearsals(now=now) == []
    assert not work_on(rehearsal.pk, now=now)
    assert waiting_rehearsals(now=now + LEASE) == [rehearsal.pk]


def test_the_number_of_queries_does_not_grow_with_the_people(now: datetime) -> None:
    workflow = draw(scheduler("0 6 * * 1"), activity("all", "query", filter=EVERYONE), deliver(), now=now)

    def queries() -> int:
        rehearsal = request_rehearsal(workflow=workflow, weeks=1, now=now)
        with CaptureQueriesContext(connection) as asked:
            work_on(rehearsal.pk, now=now)
        return len(asked)

    make_recipients(2)
    queries()
    with_two = queries()
    for number in range(3, 203):
        make_recipient(number)

    assert queries() == with_two
    assert with_two < 150


@pytest.mark.parametrize("weeks", [0, 54])
def test_the_period_is_bounded(now: datetime, weeks: int) -> None:
    workflow = draw(activity("all", "query", filter=EVERYONE), deliver("email_delivery"), now=now)

    with pytest.raises(InvalidPeriod, match="1 to 53 weeks"):
        request_rehearsal(workflow=workflow, weeks=weeks, now=now)


def test_the_command_prints_the_runs_and_the_document(now: datetime) -> None:
    make_recipients(2)
    workflow = draw(scheduler("0 6 * * 1"), activity("all", "query", filter=EVERYONE), deliver(), now=now)

    text, document = StringIO(), StringIO()
    call_command("workflow", "rehearse", str(workflow.pk), "--weeks", "2", stdout=text)
    call_command("workflow", "rehearse", str(workflow.pk), "--weeks", "1", "--json", stdout=document)

    assert text.getvalue().count("2 targeted, 2 to deliver") == 2
    said = json.loads(document.getvalue())
    assert said["state"] == "done"
    assert said["runs"][0]["tasks"]["all"]["outlets"] == {"out": 2}


def test_the_api_answers_at_once_and_shows_the_result_when_it_is_there(now: datetime) -> None:
    workflow = draw(scheduler("0 6 * * 1"), activity("all", "query", filter=EVERYONE), deliver(), now=now)
    client = APIClient()
    client.force_authenticate(User.objects.create_superuser("ada"))

    asked = client.post(f"/api/v1/workflows/{workflow.pk}/rehearse/", {"weeks": 2})

    assert asked.status_code == 202
    number = asked.json()["id"]
    assert asked.json()["state"] == "waiting"
    work_on(number, now=datetime.now(UTC))
    shown = client.get(f"/api/v1/rehearsals/{number}/").json()
    assert shown["state"] == "done"
    assert len(shown["runs"]) == 2


def test_an_operation_that_is_cancelled_can_still_be_looked_at(now: datetime) -> None:
    workflow = draw(activity("all", "query", filter=EVERYONE), deliver("email_delivery"), now=now)
    operation = Operation.objects.get()
    services.cancel_operation(operation, now=now)

    rehearsal = request_rehearsal(workflow=workflow, now=now)
    work_on(rehearsal.pk, now=now)

    rehearsal.refresh_from_db()
    assert rehearsal.state == RehearsalState.FAILED
    assert "cancelled" in rehearsal.error


def child_of_mails(now: datetime, *between: dict[str, Any]) -> Workflow:
    """start → … → a recurring mail → end, to be run by another workflow."""
    operation = Operation.objects.create(label="Child")
    child = Workflow.objects.create(label="Child", operation=operation, time_zone="Europe/Paris")
    steps = [activity("in", "start"), *between, deliver(), activity("out", "end")]
    arrows = [f"{source['name']} → {target['name']}" for source, target in pairwise(steps)]
    services.save_definition(child, drawing(steps, *arrows), now=now)
    child.refresh_from_db()
    return child


def test_what_a_sub_workflow_would_do_is_told_inside_its_task(now: datetime) -> None:
    make_recipients(2)
    make_recipient(3, denylist_email=True)
    child = child_of_mails(now)
    everyone = activity("all", "query", filter=EVERYONE)
    parent = draw(scheduler("0 6 * * 1"), everyone, activity("sub", "sub_workflow", workflow=child.pk), now=now)
    before = everything()

    runs = rehearse(parent, now, weeks=2)["runs"]

    assert everything() == before
    for run in runs:
        inside = run["tasks"]["sub"]["inside"]
        assert inside["workflow"] == "Child"
        assert inside["tasks"]["mail"]["delivery"]["to_deliver"] == 2
        assert run["tasks"]["sub"]["outlets"] == {"out": 2}
    text = "\n".join(table_lines(Rehearsal.objects.get()))
    assert text.count("sub › mail") == 2


def test_the_memory_of_a_sub_workflow_lasts_from_one_simulated_run_to_the_next(now: datetime) -> None:
    make_recipients(3)
    new = activity("new", "incremental_query", filter=EVERYONE)
    child = child_of_mails(now, new)
    parent = draw(scheduler("0 6 * * 1"), activity("sub", "sub_workflow", workflow=child.pk), now=now)

    runs = rehearse(parent, now, weeks=3)["runs"]

    new_people = [run["tasks"]["sub"]["inside"]["tasks"]["new"]["outlets"].get("out", 0) for run in runs]
    assert new_people == [3, 0, 0]


def test_a_sub_workflow_that_rests_is_waited_for_on_simulated_time(now: datetime) -> None:
    make_recipients(2)
    child = child_of_mails(now, activity("rest", "wait", duration=36, unit="hours"))
    everyone = activity("all", "query", filter=EVERYONE)
    parent = draw(scheduler("0 6 * * *"), everyone, activity("sub", "sub_workflow", workflow=child.pk), now=now)

    runs = rehearse(parent, now, weeks=1)["runs"]

    assert [run["state"] for run in runs][:4] == ["finished", "skipped", "finished", "skipped"]
    assert runs[0]["tasks"]["sub"]["inside"]["tasks"]["mail"]["delivery"]["to_deliver"] == 2


def test_a_delivery_made_by_the_general_activity_is_judged_as_the_others(now: datetime) -> None:
    make_recipients(2)
    make_recipient(3, email="")
    everyone = activity("all", "query", filter=EVERYONE)
    workflow = draw(scheduler("0 6 * * 1"), everyone, deliver("delivery", delivery="new"), now=now)

    (run,) = rehearse(workflow, now, weeks=1)["runs"]

    said = run["tasks"]["mail"]["delivery"]
    assert (said["targeted"], said["to_deliver"], said["ignored"]) == (3, 2, {"address_not_specified": 1})
    assert run["tasks"]["mail"]["outlets"] == {"out": 2}


def test_a_delivery_that_exists_and_a_proof_are_left_alone(now: datetime) -> None:
    make_recipients(2)
    existing = make_delivery(now)
    everyone = activity("all", "query", filter=EVERYONE)
    chosen = activity("chosen", "delivery", delivery="explicit", delivery_id=existing.pk)
    proof = {
        **deliver("delivery", delivery="new", action="proof", proof_addresses=["ada@example.com"]),
        "name": "proof",
    }
    workflow = draw(scheduler("0 6 * * 1"), everyone, chosen, proof, activity("end", "end"), now=now)
    before = everything()

    (run,) = rehearse(workflow, now, weeks=1)["runs"]

    assert everything() == before
    for name in ("chosen", "proof"):
        assert run["tasks"][name]["passed_over"] is True
        assert run["tasks"][name]["outlets"] == {"out": 2}


def test_nobody_is_asked_and_no_signal_is_waited_for(now: datetime) -> None:
    make_recipients(2)
    ask = activity("ask", "approval", title="Send?")
    signal = activity("signal", "external_signal", timeout={"duration": 1, "unit": "days"})
    everyone = activity("all", "query", filter=EVERYONE)
    arrows = ("tick → all", "all → ask", "ask.approve → signal", "signal → mail")
    workflow = Workflow.objects.create(label="Asked", operation=make_operation(), time_zone="Europe/Paris")
    document = drawing([scheduler("0 6 * * 1"), everyone, ask, signal, deliver()], *arrows)
    services.save_definition(workflow, document, now=now)
    workflow.refresh_from_db()
    before = everything()

    (run,) = rehearse(workflow, now, weeks=1)["runs"]

    assert everything() == before
    assert run["state"] == "finished"
    assert run["tasks"]["ask"]["outlets"] == {"approve": 2}
    assert run["tasks"]["signal"]["outlets"] == {"out": 2}
    assert run["tasks"]["mail"]["delivery"]["to_deliver"] == 2


def test_people_jump_in_a_rehearsal_too(now: datetime) -> None:
    make_recipients(2)
    workflow = draw(activity("all", "query", filter=EVERYONE), deliver("email_delivery"), now=now)
    leave, arrive = activity("leave", "jump", kind="start", number=1), activity("arrive", "jump", kind="end", number=1)
    steps = [*workflow.versions.get().definition["activities"], leave, arrive]
    document = drawing(steps, "all → leave", "arrive → mail")
    services.save_definition(workflow, {**document, "version": workflow.version}, now=now)
    workflow.refresh_from_db()

    (run,) = rehearse(workflow, now, weeks=1)["runs"]

    assert run["tasks"]["arrive"]["outlets"] == {"out": 2}
    assert run["tasks"]["mail"]["delivery"]["to_deliver"] == 2
