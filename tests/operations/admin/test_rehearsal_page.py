"""The tab "Rehearsal" of a workflow: asked for, followed, read, compared, taken away as a file."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from installation.models import AuditEntry, Process
from installation.processes import register_process
from operations import services
from operations.models import Rehearsal, RehearsalState, Workflow
from operations.rehearsal.request import request_rehearsal
from operations.rehearsal.work import work_on
from tests.deliveries.factories import make_template
from tests.factories import make_recipient, make_recipients
from tests.flows.series import HTML
from tests.flows.test_rehearsal import draw
from tests.operations.factories import EVERYONE, activity, drawing, make_list

pytestmark = pytest.mark.django_db
MONDAYS = {"crontab": "0 6 * * 1"}


def weekly(now: datetime, *more: dict[str, Any], **schedule: Any) -> Workflow:
    """Everybody, every Monday at six in Paris, by mail."""
    people = activity("all", "query", filter=EVERYONE)
    mail = activity("mail", "recurring_delivery", template=make_template(html=HTML).pk)
    tick = activity("tick", "scheduler", schedule=schedule or MONDAYS)
    return draw(tick, {**people, "label": "Everybody"}, *more, mail, now=now)


def rehearsed(workflow: Workflow, now: datetime, weeks: int = 4) -> Rehearsal:
    rehearsal = request_rehearsal(workflow=workflow, weeks=weeks, now=now)
    assert work_on(rehearsal.pk, now=now)
    rehearsal.refresh_from_db()
    return rehearsal


def address(workflow: Workflow, rest: str = "rehearsal/") -> str:
    return f"/admin/operations/workflow/{workflow.pk}/{rest}"


def page(client: Client, workflow: Workflow, query: str = "") -> str:
    answer = client.get(address(workflow) + query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def reader(*codenames: str) -> Client:
    client, user = Client(), User.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)
    return client


def test_asking_leads_to_the_rehearsal_that_waits_and_says_who_asked(admin_client: Client, now: datetime) -> None:
    workflow = weekly(now)

    answer = admin_client.post(address(workflow, "do/rehearse/"), {"choice": "2"}, follow=True)

    rehearsal = Rehearsal.objects.get()
    assert (rehearsal.ends_at - rehearsal.starts_at).days == 14
    assert rehearsal.state == RehearsalState.WAITING
    html = " ".join(answer.content.decode().split())
    assert "Rehearsal: nothing is sent" in html
    assert "asked for by admin" in html
    assert "data-moving" in html
    assert "The engine is not running" in html
    assert "./diffusion worker" in html
    assert AuditEntry.objects.filter(action="rehearse").exists()


@pytest.mark.parametrize("weeks", ["0", "54", "many", "-1", "9" * 20])
def test_a_period_that_makes_no_sense_is_refused_in_words(admin_client: Client, now: datetime, weeks: str) -> None:
    workflow = weekly(now)

    answer = admin_client.post(address(workflow, "do/rehearse/"), {"choice": weeks}, follow=True)

    assert "weeks" in "".join(str(message) for message in answer.context["messages"])
    assert not Rehearsal.objects.exists()


def test_the_button_offers_some_weeks_and_promises_that_nothing_is_sent(admin_client: Client, now: datetime) -> None:
    html = admin_client.get(address(weekly(now), "do/rehearse/")).content.decode()

    assert "Nothing is sent and nothing is written" in html
    for weeks in ("1", "4", "13", "53"):
        assert f'name="choice" value="{weeks}"' in html


def test_each_run_says_who_goes_where_and_who_drops_and_why(admin_client: Client, now: datetime) -> None:
    make_recipients(3)
    make_recipient(4, denylist_email=True)
    workflow = weekly(now)
    rehearsed(workflow, now)

    html = page(admin_client, workflow)

    assert html.count("Birthday – 2025-") == 4
    assert "Everybody → mail: <b>4</b>" in html
    assert "dropped: 1 denylisted address" in html
    # 13 October to 3 November: the hour changes between them.
    assert html.count("the clocks have gone back") == 1
    assert "Mon 13 Oct. 2025, 06:00" in html
    assert "Mon 3 Nov. 2025, 06:00" in html
    total = admin_client.get(address(workflow)).context["total"]
    assert (total.runs, total.people, total.to_deliver, total.dropped) == (4, 16, 12, 4)
    assert total.reasons == "4 denylisted address"


def test_the_weeks_add_up_to_the_whole(admin_client: Client, now: datetime) -> None:
    make_recipients(2)
    workflow = weekly(now, crontab="0 6 * * *")
    rehearsed(workflow, now)

    context = admin_client.get(address(workflow)).context

    weeks = context["week_totals"]
    assert all(week.monday.weekday() == 0 for week in weeks)
    assert sum(week.to_deliver for week in weeks) == context["total"].to_deliver == 28 * 2
    assert max(week.runs for week in weeks) == 7


def test_runs_that_would_be_skipped_or_still_at_work_say_so(admin_client: Client, now: datetime) -> None:
    make_recipients(2)
    workflow = weekly(now, activity("rest", "wait", duration=36, unit="hours"), crontab="0 6 * * *")
    rehearsed(workflow, now, weeks=1)

    html = page(admin_client, workflow)

    assert html.count("The run before it would still be at work.") == 3
    assert "It would still be at work at the end of the rehearsal." in html


def test_a_run_that_would_fail_says_why_and_that_the_workflow_would_be_suspended(
    admin_client: Client, now: datetime
) -> None:
    mail = activity("mail", "recurring_delivery", template=make_template(html=HTML).pk)
    workflow = draw(activity("tick", "scheduler", schedule=MONDAYS), mail, now=now)
    rehearsed(workflow, now)

    html = page(admin_client, workflow)

    assert "The workflow would be suspended here" in html
    assert "No people come in" in html


def test_what_would_write_is_passed_over_and_named(admin_client: Client, now: datetime) -> None:
    make_recipients(2)
    write = activity("keep", "list_update", list=make_list().pk, outbound=True)
    workflow = weekly(now, write)
    rehearsed(workflow, now, weeks=1)

    assert "“keep” is passed over" in page(admin_client, workflow)


def test_an_empty_or_unfinished_drawing_names_its_faults_and_leads_to_them(admin_client: Client, now: datetime) -> None:
    empty = Workflow.objects.create(label="Empty")
    unfinished = Workflow.objects.create(label="Unfinished")
    services.save_definition(
        unfinished, drawing([{**activity("q", "query", filter=EVERYONE), "label": "Who"}]), now=now
    )

    for workflow, said in ((empty, "draw and save it first"), (unfinished, "<b>Who</b>:")):
        html = page(admin_client, workflow)
        assert said in html
        assert f'href="/admin/operations/workflow/{workflow.pk}/change/"' in html
        assert 'id="rehearsal-weeks"' not in html


def test_a_rehearsal_that_failed_says_why(admin_client: Client, now: datetime) -> None:
    workflow = weekly(now)
    request_rehearsal(workflow=workflow, now=now)
    Rehearsal.objects.update(state=RehearsalState.FAILED, error="The operation is cancelled.")

    html = page(admin_client, workflow)

    assert "The rehearsal failed" in html
    assert "The operation is cancelled." in html


def test_the_progress_is_a_figure_where_one_is_known_and_else_an_honest_word(
    admin_client: Client, now: datetime
) -> None:
    workflow = weekly(now)
    request_rehearsal(workflow=workflow, now=now)
    register_process(kind=Process.Kind.WORKER, name="worker", now=datetime.now(UTC))
    Rehearsal.objects.update(state=RehearsalState.RUNNING)
    assert "At work." in page(admin_client, workflow)

    Rehearsal.objects.update(done=3, planned=28)

    html = page(admin_client, workflow)
    assert "3 of 28 runs are rehearsed." in html
    assert "The engine is not running" not in html


def test_it_is_compared_with_the_one_before_over_the_runs_that_both_have(admin_client: Client, now: datetime) -> None:
    make_recipients(2)
    workflow = weekly(now)
    rehearsed(workflow, now, weeks=2)
    make_recipient(9)
    rehearsed(workflow, now + timedelta(hours=1), weeks=4)

    comparison = admin_client.get(address(workflow)).context["comparison"]

    assert (comparison.runs, comparison.difference) == (2, 2)
    assert "+2 against that of" in page(admin_client, workflow)


def test_earlier_ones_are_listed_and_shown_with_the_version_they_rehearsed(admin_client: Client, now: datetime) -> None:
    workflow = weekly(now)
    first = rehearsed(workflow, now, weeks=1)
    services.save_definition(workflow, {**first.version.definition, "version": workflow.version}, now=now)
    rehearsed(Workflow.objects.get(pk=workflow.pk), now, weeks=2)

    html = page(admin_client, workflow, f"?shown={first.pk}")

    assert "Version 1 was rehearsed; the drawing is now at version 2." in html
    assert html.count('href="?shown=') == 2
    assert admin_client.get(address(workflow) + "?shown=999").status_code == 404


def test_the_file_has_a_line_for_each_delivery(admin_client: Client, now: datetime) -> None:
    make_recipient(1, denylist_email=True)
    make_recipient(2)
    workflow = weekly(now)
    rehearsal = rehearsed(workflow, now, weeks=2)

    answer = admin_client.get(address(workflow, f"rehearsals/{rehearsal.pk}/runs.csv"))

    head, *lines = csv.reader(StringIO(answer.content.decode()))
    assert [line[0] for line in lines] == ["2025-10-13 06:00 CEST", "2025-10-20 06:00 CEST"]
    said = dict(zip(head, lines[0], strict=True))
    assert said["people at the start"] == "2"
    assert (said["to deliver"], said["Dropped"], said["reasons"]) == ("1", "1", "1 denylisted address")


def test_the_drawing_gets_each_run_as_it_shows_a_real_one(admin_client: Client, now: datetime) -> None:
    make_recipients(3)
    workflow = weekly(now)
    latest = address(workflow, "rehearsals/0/")
    assert admin_client.get(latest).json() == {"rehearsal": None}
    rehearsal = rehearsed(workflow, now, weeks=1)

    said = admin_client.get(latest).json()["rehearsal"]

    assert (said["id"], said["state"], said["is_current"]) == (rehearsal.pk, "done", True)
    run = said["runs"][0]
    assert run["label"].startswith("Mon 13 Oct")
    assert (run["people"], run["to_deliver"], run["dropped"]) == (3, 3, 0)
    assert run["tasks"]["all"]["outlets"] == {"out": 3}
    assert run["tasks"]["all"]["fired"] == ["out"]
    assert run["tasks"]["mail"]["text"] == "finished · 3 to deliver"
    assert not run["tasks"]["mail"]["may_restart"]


def test_one_who_may_only_look_sees_the_result_without_the_form(now: datetime) -> None:
    workflow = weekly(now)
    rehearsal = rehearsed(workflow, now)
    client = reader("view_workflow")

    html = page(client, workflow)

    assert "you have no permission to run workflows" in html
    assert 'id="rehearsal-weeks"' not in html
    assert client.post(address(workflow, "do/rehearse/"), {"choice": "1"}).status_code == 403
    assert Rehearsal.objects.get() == rehearsal


def test_another_workflow_s_rehearsal_and_a_stranger_get_nothing(now: datetime) -> None:
    rehearsal, other = rehearsed(weekly(now), now), Workflow.objects.create(label="Other")

    client = reader("view_workflow")
    for rest in (f"rehearsals/{rehearsal.pk}/", f"rehearsals/{rehearsal.pk}/runs.csv"):
        assert client.get(address(other, rest)).status_code == 404
        assert Client().get(address(rehearsal.workflow, rest)).status_code == 302


def test_many_runs_take_as_many_queries_as_few(admin_client: Client, now: datetime) -> None:
    make_recipients(2)
    workflow = weekly(now, crontab="0 6 * * *")
    rehearsed(workflow, now, weeks=1)
    page(admin_client, workflow)
    counts = []
    for _place in range(2):
        with CaptureQueriesContext(connection) as queries:
            page(admin_client, workflow)
        counts.append(len(queries))
        rehearsal = Rehearsal.objects.get()
        rehearsal.result["runs"] = rehearsal.result["runs"] * 20
        rehearsal.save()

    assert counts[0] == counts[1]
