"""S32: a person disappears from every table and file. S33: all that is kept of a person can be handed out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from common.sql import fetch_all
from deliveries.ledger import check
from deliveries.models import Broadlog, Delivery, InboundMail
from deliveries.mta.journal import journal_folder
from installation.models import AuditEntry, IdempotencyKey, SavedView
from operations.files import outbox
from operations.models import Population, PopulationData
from recipients.erasure.access import person_document, references
from recipients.erasure.erase import AlreadyErased, erase_recipient
from recipients.erasure.suppression import suppressed
from recipients.imports.run import import_file
from recipients.models import (
    Erasure,
    Quarantine,
    Recipient,
    RecipientList,
    RecipientListMember,
    SavedFilter,
    Service,
    Subscription,
    SubscriptionEvent,
)
from tests.deliveries.factories import analyse, make_activity, make_delivery, make_population, make_task, quarantine
from tests.factories import make_recipient
from tracking.models import TrackingLog

pytestmark = pytest.mark.django_db
AGENT = "Netscape Zéphyr 4"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.VAR_DIR = tmp_path
    yield tmp_path


def make_person(number: int) -> Recipient:
    return make_recipient(
        number,
        email=f"Zoé.Quetzal{number:03}@example.com",
        first_name=f"Zoé{number:03}x",
        last_name=f"Quetzalcôatl{number:03}",
        mobile_phone=f"+3360000{number:03}99",
        attributes={"nickname": f"Quetzi{number:03}"},
    )


def secrets_of(person: Recipient) -> list[str]:
    return [
        *(person.email.lower(), person.first_name, person.last_name, person.mobile_phone),
        person.attributes["nickname"],
    ]


def leave_traces(people: list[Recipient], now: datetime) -> Delivery:
    """Everything that the product keeps of somebody, in every table and file that can hold it."""
    delivery = make_delivery(now)
    analyse(delivery, now=now)
    population = make_population(make_task(make_activity("email_delivery"), scheduled_for=now), people)
    news, weekly = RecipientList.objects.create(label="VIP"), Service.objects.create(label="Weekly")
    user = User.objects.create(username="operator")
    for person in people:
        leave_own_traces(person, delivery, population, now)
        RecipientListMember.objects.create(recipient_list=news, recipient=person)
        Subscription.objects.create(service=weekly, recipient=person, created_at=now)
        SubscriptionEvent.objects.create(service=weekly, recipient=person, action="subscribe", at=now)
        leave_traces_of_users(person, user, now)
    lines = [f"{person.email};{person.first_name};{person.last_name}" for person in people]
    (outbox() / "people.csv").write_text("\n".join(["E-mail;Name;Surname", *lines, "ada@example.com;Ada;Lovelace"]))
    (journal_folder() / "a.done").write_text("".join(f'O\t1\tt\t1\t"550 <{person.email}>"\n' for person in people))
    return delivery


def leave_own_traces(person: Recipient, delivery: Delivery, population: Population, now: datetime) -> None:
    row = Broadlog.objects.get(recipient=person)
    Broadlog.objects.filter(pk=row.pk).update(failure_detail=f"550 <{person.email}>: no such user")
    TrackingLog.objects.create(
        delivery=delivery, broadlog=row, recipient=person, kind="open", at=now, user_agent=f"{AGENT} {person.last_name}"
    )
    InboundMail.objects.create(
        key=str(person.pk),
        received_at=now,
        outcome="applied",
        broadlog_id=row.pk,
        address=person.email,
        detail=f"<{person.email}> is unknown",
        quarantine_before={"address": person.email},
    )
    quarantine(person.email.lower())
    PopulationData.objects.create(population=population, recipient=person, data={"name": person.last_name})


def leave_traces_of_users(person: Recipient, user: User, now: datetime) -> None:
    content_type = ContentType.objects.get_for_model(Recipient)
    AuditEntry.objects.create(
        at=now,
        origin="admin",
        model="recipients.recipient",
        object_id=person.pk,
        action="change",
        detail={"first_name": [person.first_name, "Zed"]},
    )
    AuditEntry.objects.create(
        at=now, origin="api", model="deliveries.delivery", object_id=1, action="proof", detail={"to": [person.email]}
    )
    LogEntry.objects.create(
        user=user, content_type=content_type, object_id=str(person.pk), object_repr=str(person), action_flag=2
    )
    IdempotencyKey.objects.create(user=user, key=str(person.pk), body={"email": person.email}, created_at=now)
    SavedView.objects.create(
        owner=user, model="recipients.recipient", label=str(person.pk), query=f"q={person.email}", created_at=now
    )
    SavedFilter.objects.create(
        label=f"Only {person.pk}", filter={"field": "email", "op": "equals", "value": person.email}
    )


def dump() -> str:
    """Every row of every table, and every file, in lower case; escapes of JSON are read."""
    texts = []
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    for table in tables:
        texts += [str(value) for row in fetch_all(f'SELECT * FROM "{table}"') for value in row]
    root = journal_folder().parent
    texts += [path.read_text(errors="replace") for path in root.rglob("*") if path.is_file()]
    whole = "\n".join(texts)
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), whole).lower()


def hits(secrets: list[str], text: str) -> list[str]:
    return [secret for secret in secrets if secret.lower() in text]


def test_s32_of_a_hundred_erased_people_nothing_is_found_and_no_import_brings_them_back(
    now: datetime, folder: Path
) -> None:
    people = [make_person(number) for number in range(100)]
    kept = make_recipient(500, email="ada@example.com", last_name="Lovelace")
    delivery = leave_traces(people, now)
    secrets = [secret for person in people for secret in secrets_of(person)]
    assert len(hits(secrets, dump())) == len(secrets)
    delivery.refresh_from_db()
    before = delivery.counts()

    for person in list(people):
        erase_recipient(Recipient.objects.get(pk=person.pk), now=now)

    assert hits([*secrets, AGENT], dump()) == []
    delivery.refresh_from_db()
    assert delivery.counts() == before and check([delivery.pk]).ok
    assert Recipient.objects.get(pk=kept.pk).last_name == "Lovelace"
    assert (outbox() / "people.csv").read_text() == "E-mail;Name;Surname\nada@example.com;Ada;Lovelace"
    file = folder / "again.csv"
    file.write_text("\n".join(["email", *(person.email.upper() for person in people), "new@example.com"]))
    report = import_file(file, mapping={"email": "email"}, key="email")
    assert (report.created, report.rejected) == (1, 100)


def test_an_erased_person_gets_nothing_more(now: datetime) -> None:
    person = make_person(1)
    erase_recipient(person, now=now)

    delivery = make_delivery(now)
    analyse(delivery, now=now)

    assert not Broadlog.objects.filter(recipient=person, status=6).exists()


def test_a_message_that_waits_loses_its_address_and_is_not_sent(now: datetime) -> None:
    person = make_person(1)
    analyse(make_delivery(now), now=now)

    erase_recipient(person, now=now)

    assert Broadlog.objects.get(recipient=person).address == ""
    assert Recipient.objects.get(pk=person.pk).denylist_all


def test_an_address_that_somebody_else_has_too_stays_theirs(now: datetime, folder: Path) -> None:
    person = make_person(1)
    other = make_recipient(2, email=person.email.replace("Quetzal", "QUETZAL"))
    quarantine(person.email.lower())

    erase_recipient(person, now=now)

    assert Recipient.objects.get(pk=other.pk).email == other.email
    assert Quarantine.objects.count() == 1
    assert not suppressed([(other.email, "")])


def test_the_hash_can_not_be_made_without_the_secret(now: datetime, settings: Any) -> None:
    person = make_person(1)
    erase_recipient(person, now=now)
    first = Erasure.objects.get().hash
    Recipient.objects.filter(pk=person.pk).delete()
    Erasure.objects.all().delete()

    settings.SECRET_KEY = "another"
    erase_recipient(make_person(1), now=now)

    assert Erasure.objects.get().hash not in ("", first)


def test_an_import_is_stopped_after_the_secret_was_changed(now: datetime, settings: Any, folder: Path) -> None:
    person = make_person(1)
    email = person.email
    erase_recipient(person, now=now)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"

    (folder / "again.csv").write_text(f"email\n{email}\n")

    assert import_file(folder / "again.csv", mapping={"email": "email"}, key="email").rejected == 1


def test_nobody_is_erased_twice(now: datetime) -> None:
    person = make_person(1)
    erase_recipient(person, now=now)

    with pytest.raises(AlreadyErased):
        erase_recipient(person, now=now)


def test_the_command_takes_a_number_or_an_address(now: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = make_person(1), make_person(2)

    call_command("erase_recipient", str(first.pk))
    call_command("erase_recipient", second.email, "--json")

    assert f"Recipient {first.pk} is erased" in capsys.readouterr().out
    assert Erasure.objects.count() == 2
    with pytest.raises(CommandError, match="no recipient"):
        call_command("erase_recipient", "nobody@example.com")


def test_a_shared_address_is_refused_because_it_names_several(now: datetime) -> None:
    make_person(1)
    make_person(1)

    with pytest.raises(CommandError, match="Several people"):
        call_command("erase_recipient", "zoé.quetzal001@example.com")


def test_s33_the_document_holds_every_row_where_the_person_occurs(now: datetime) -> None:
    person, other = make_person(1), make_person(2)
    leave_traces([person, other], now)

    document = person_document(person)

    for model, field in references():
        expected = model._default_manager.filter(**{field.name: person.pk}).count()
        assert len(document.get(model._meta.label_lower, [])) == expected, model
    assert document["recipients.recipient"][0]["email"] == person.email
    assert len(document["deliveries.inboundmail"]) == len(document["recipients.quarantine"]) == 1
    assert other.last_name not in json.dumps(document, default=str, ensure_ascii=False)


def test_s33_the_document_knows_every_column_that_names_a_recipient() -> None:
    """Checked against the columns of the database: a table of a plugin counts too."""
    known = {(model._meta.db_table, field.column) for model, field in references()}
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}" LIMIT 0')
            found |= {(table, column[0]) for column in cursor.description if column[0] == "recipient_id"}

    assert found - known == {("recipients_erasure", "recipient_id")}
    assert {model._meta.label_lower for model, _field in references()} <= {
        model._meta.label_lower for model in apps.get_models()
    }


def test_the_export_command_writes_the_document(now: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    person = make_person(1)

    call_command("export_recipient", str(person.pk))

    assert json.loads(capsys.readouterr().out)["recipients.recipient"][0]["last_name"] == person.last_name


def test_the_page_asks_before_it_erases(admin_client: Client, now: datetime) -> None:
    person = make_person(1)
    address = f"/admin/recipients/recipient/{person.pk}/do/erase/"

    asked = admin_client.get(address)
    assert "can&#x27;t be undone" in asked.content.decode() and not Erasure.objects.exists()
    admin_client.post(address)

    person.refresh_from_db()
    assert person.email == "" and Erasure.objects.exists()
    assert AuditEntry.objects.filter(model="recipients.recipient", object_id=person.pk, action="erase").exists()
    again = admin_client.post("/admin/recipients/recipient/add/", {"email": "Zoé.Quetzal001@example.com"})
    assert "must not be brought back" in again.content.decode()


def test_the_page_hands_out_the_document(admin_client: Client, now: datetime) -> None:
    person = make_person(1)

    answer = admin_client.post(f"/admin/recipients/recipient/{person.pk}/do/export/")

    assert answer.json()["recipients.recipient"][0]["last_name"] == person.last_name
    assert AuditEntry.objects.filter(action="export").exists()


def test_the_api_erases_with_the_permission_alone(client: Client, admin_user: User, now: datetime) -> None:
    person = make_person(1)
    client.force_login(User.objects.create(username="reader"))
    assert client.post(f"/api/v1/recipients/{person.pk}/erase/").status_code == 403
    assert client.get(f"/api/v1/recipients/{person.pk}/export/").status_code == 403

    client.force_login(admin_user)
    assert "recipients.recipient" in client.get(f"/api/v1/recipients/{person.pk}/export/").json()
    assert client.post(f"/api/v1/recipients/{person.pk}/erase/").json()["email"] == ""
    assert client.post(f"/api/v1/recipients/{person.pk}/erase/").status_code == 409
    again = client.post("/api/v1/recipients/", {"email": "zoé.quetzal001@example.com"}, content_type="application/json")
    assert again.status_code == 400


def test_every_app_says_in_how_many_rows_it_forgot_the_person(now: datetime) -> None:
    person = make_person(1)
    leave_traces([person], now)

    rows = erase_recipient(person, now=now)

    assert list(rows) == ["tracking", "deliveries", "operations", "recipients"] and all(rows.values())
