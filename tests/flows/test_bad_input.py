"""What people and networks get wrong, from one end to the other: a clear word, nothing broken, and a way on."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from deliveries.diagnosis import pending_causes
from deliveries.endpoints import set_password
from deliveries.models import Broadlog, Delivery, DeliveryTemplate, Route
from deliveries.routes import ensure_default_route
from operations import services
from operations.models import RunState, Workflow, WorkflowRun, WorkflowState
from recipients.models import Quarantine, Recipient
from tests.deliveries.factories import make_template
from tests.deliveries.mta.conftest import make_sender, run_until, send
from tests.deliveries.rows import make_started, rows_of, state_of, statuses_of
from tests.factories import make_recipient, make_recipients
from tests.flows.series import HTML, pump, scheduler, start_line
from tests.operations.factories import EVERYONE, activity, drawing
from tests.smtp_server import Dialogue, free_port, scripted_server

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture
def now() -> datetime:
    """Senders and pages read the clock: rows are made a little earlier."""
    return timezone.now() - timedelta(minutes=1)


@pytest.fixture
def api(admin_user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(admin_user)
    return client


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"field": "shoe_size", "op": "equals", "value": 42}, "shoe_size"),
        ({"field": "email", "op": "resembles", "value": "x"}, "resembles"),
        ({"all": [{"everyone": True}, {"field": "birth_date", "op": "lt", "value": "yesterday"}]}, "yesterday"),
        ({"in_list": "customers"}, "in_list"),
        ({"everybody": True}, "everybody"),
        ({}, "filter"),
    ],
)
def test_a_malformed_filter_is_named_and_the_drawing_stays_as_it_was(
    api: APIClient, now: datetime, wrong: dict[str, Any], named: str
) -> None:
    workflow = start_line(activity("who", "query", filter=EVERYONE), activity("over", "end"), now=now)
    url = f"{API}/workflows/{workflow.pk}/definition/"
    before = api.get(url).json()

    answer = api.put(url, {**drawing([activity("who", "query", filter=wrong)]), "version": before["version"]})

    assert answer.status_code == 400, answer.json()
    assert named in answer.json()["detail"]
    assert "who" in str(answer.json())
    assert api.get(url).json() == before


def test_a_broken_template_suspends_the_workflow_with_its_line_and_is_resumed_when_mended(
    api: APIClient, now: datetime
) -> None:
    make_recipients(2)
    workflow = start_broken(now)

    pump(workflow, now)

    delivery, run = Delivery.objects.get(), WorkflowRun.objects.get()
    workflow.refresh_from_db()
    assert (state_of(delivery), run.state) == ("preparation_failed", RunState.FAILED)
    assert (workflow.state, workflow.failed) == (WorkflowState.PAUSED, True)
    assert "mail: The analysis of" in run.error
    assert "line 3" in run.error
    assert run.error.endswith(delivery.error)
    assert not Broadlog.objects.exists()

    mend(api, delivery)
    services.resume_workflow(workflow, now=now)
    pump(workflow, now)

    run.refresh_from_db()
    assert (state_of(delivery), run.state, run.error) == ("in_progress", RunState.FINISHED, "")
    assert (Delivery.objects.count(), delivery.pending) == (1, 2)


def start_broken(now: datetime) -> Workflow:
    broken = make_template(html=f"{HTML}\n<p>\nHello {{{{ recipient.first_name }}</p>")
    return start_line(
        scheduler("* * * * *"),
        activity("who", "query", filter=EVERYONE),
        activity("mail", "recurring_delivery", template=broken.pk),
        now=now.replace(second=0, microsecond=0),
    )


def mend(api: APIClient, delivery: Delivery) -> None:
    """This occurrence, and the local template for those that follow."""
    local = DeliveryTemplate.objects.get(activity__isnull=False)
    for path in (f"deliveries/{delivery.pk}", f"delivery-templates/{local.pk}"):
        answer = api.patch(f"{API}/{path}/", {"html": HTML})
        assert answer.status_code == 200, answer.json()


def use_route(port: int, *, user: str = "", password: str = "") -> Route:
    route = ensure_default_route()
    route.url = f"smtp://{user}@127.0.0.1:{port}" if user else f"smtp://127.0.0.1:{port}"
    route.save()
    set_password(route, password)
    return route


def codes(delivery: Delivery) -> list[str]:
    delivery.refresh_from_db()
    return [cause.code for cause in pending_causes(delivery, timezone.now())]


def send_to(dialogue: Dialogue, done: Callable[[], bool], **login: str) -> None:
    """One sender, from its start until `done`, with the scripted server as its default route."""

    async def scenario() -> None:
        async with scripted_server(dialogue) as port:
            await asyncio.get_running_loop().run_in_executor(sender.executor, lambda: use_route(port, **login))
            await run_until(sender, done)

    sender = make_sender()
    asyncio.run(scenario())


@pytest.mark.usefixtures("in_loop")
def test_what_an_unreachable_server_did_not_take_waits_and_says_so(now: datetime) -> None:
    use_route(free_port())
    delivery = make_started(now, people=2)

    send(lambda: codes(delivery) == ["retry_wait"])

    assert (state_of(delivery), statuses_of(delivery)) == ("retry_pending", ["pending", "pending"])
    assert {row.attempts for row in rows_of(delivery)} == {1}
    assert all("can't be reached" in row.failure_detail for row in rows_of(delivery))
    assert not Quarantine.objects.exists()
    (cause,) = [cause for cause in pending_causes(delivery, timezone.now()) if cause.code == "retry_wait"]
    assert cause.until is not None
    assert cause.until > timezone.now()


@pytest.mark.usefixtures("in_loop")
def test_wrong_credentials_pause_the_route_and_blame_no_address(now: datetime) -> None:
    delivery = make_started(now, people=2)
    server = Dialogue({"EHLO": "250-test\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 Authentication credentials invalid"})

    send_to(server, lambda: codes(delivery) == ["route_paused"], user="us", password="wrong")

    route = Route.objects.get()
    assert (route.paused, "535" in route.pause_reason, "wrong" in route.pause_reason) == (True, True, False)
    assert (server.mails, statuses_of(delivery)) == ([], ["pending", "pending"])
    assert {row.attempts for row in rows_of(delivery)} == {0}
    assert not Quarantine.objects.exists()


HOSTILE = [
    "Ada\r\nBcc: victim@example.com\r\n\r\nA body of its own",
    "{{ recipient.email }}{% skip %}{# lost #}",
    "{% for n in range(100000000) %}x{% endfor %}",
    "<script>alert(1)</script>",
    "=?utf-8?q?=0D=0ABcc:_victim@example.com?=",
]


@pytest.mark.usefixtures("in_loop")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_in_the_mail_and_nothing_else(now: datetime, name: str) -> None:
    make_recipient(1, first_name="Camille")
    make_recipient(2, first_name=name)
    greeting = "Hello {{ recipient.first_name }}"
    delivery = make_started(now, subject=greeting, text=greeting, html=f"<h1>{greeting}</h1>{HTML}")
    server = Dialogue()

    send_to(server, lambda: state_of(delivery) == "finished")

    assert statuses_of(delivery) == ["sent", "sent"]
    mails = {mail["To"].addresses[0].addr_spec: mail for mail in map(parse, server.mails)}
    plain, hostile = mails["person1@example.com"], mails["person2@example.com"]
    assert hostile.keys() == plain.keys()
    assert hostile["Bcc"] is None
    on_one_line = " ".join(name.split())
    assert " ".join(hostile["Subject"].split()) == f"Hello {on_one_line}"
    assert on_one_line in " ".join(text_of(hostile, "plain").split())
    assert "<script>" not in text_of(hostile, "html")
    assert not any("victim" in command for command in server.commands)


def parse(content: bytes) -> EmailMessage:
    mail = message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def text_of(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"PK\x03\x04 a workbook", "Excel"),
        (b'E-mail,Name\nada@example.com,"Ada\nbob@example.com,Bob\n', "Line 2"),
        (b"Address;Name\nada@example.com;Ada\n", "E-mail"),
        (b"", "empty"),
        (b"E-mail\nada@example.com\x00\n", "null bytes"),
    ],
)
def test_a_wrong_file_is_refused_whole(tmp_path: Path, content: bytes, named: str) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(content)

    with pytest.raises(CommandError, match=named) as refused:
        call_command("import_recipients", str(file), "--mapping", "email=E-mail", "--key", "email")

    assert (refused.value.returncode, "\n" in str(refused.value)) == (1, False)
    assert not Recipient.objects.exists()


def test_a_database_that_is_gone_is_one_line_and_exit_1(tmp_path: Path) -> None:
    url = f"postgresql://postgres:secret@127.0.0.1:{free_port()}/gone"

    line = refused_in_one_line("ledger", VAR_DIR=str(tmp_path), DATABASE_URL=url)

    assert "The database does not answer" in line
    assert "secret" not in line


def test_a_folder_that_can_not_be_written_is_one_line_and_exit_1(tmp_path: Path) -> None:
    # Below a file nobody can make a folder, whoever runs this test.
    (tmp_path / "file").touch()

    line = refused_in_one_line("ledger", VAR_DIR=str(tmp_path / "file" / "var"))

    assert line.startswith("Configuration error: VAR_DIR")
    assert str(tmp_path / "file" / "var") in line


def refused_in_one_line(command: str, **environment: str) -> str:
    manage = Path(settings.BASE_DIR) / "manage.py"
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, str(manage), command],
        env={**inherited, "DJANGO_SETTINGS_MODULE": "campaign_site.settings", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.strip().splitlines()
    return line
