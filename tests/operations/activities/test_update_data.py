from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operations.models import RunLog, WorkflowRun
from operations.workflow.definition import InvalidDefinition
from recipients.models import Recipient
from tests.factories import make_recipient, make_recipients
from tests.operations.factories import (
    activity,
    drawing,
    left_by,
    make_list,
    make_workflow,
    numbers,
    people_of,
    run_drawing,
    task_of,
)
from tests.operations.repetition import repeat

pytestmark = pytest.mark.django_db


def update(people: list[Recipient], now: datetime, fields: dict[str, Any], **config: Any) -> WorkflowRun:
    """Set the fields of these people; `added` are columns of an enrichment before it."""
    added = config.pop("added", None) or [{"name": "nothing", "from": "constant", "value": 1}]
    rows = [{"field": name, "value": value} for name, value in fields.items()]
    activities = [
        *people_of(make_list(people)),
        activity("e", "enrichment", columns=added),
        activity("u", "update_data", set=rows, **config),
    ]
    run = run_drawing(drawing(activities, "a → e", "e → u"), now=now)
    for person in people:
        person.refresh_from_db()
    return run


def said(run: WorkflowRun, message: str) -> bool:
    return run.log.filter(message=message).exists()


def test_columns_and_attributes_get_a_constant(now: datetime) -> None:
    ada, bob = make_recipient(1, attributes={"town": "Nîmes", "été": 1}), make_recipient(2)
    values = {
        "last_name": "Dubois",
        "birth_date": "1990-02-28",
        "gender": "female",
        "attributes.segment": "doré",
        "attributes.été": 2,
        "attributes.vip": True,
    }

    run = update([ada], now, values)

    assert (ada.last_name, ada.birth_date, ada.gender) == ("Dubois", date(1990, 2, 28), "female")
    assert ada.attributes == {"town": "Nîmes", "été": 2, "segment": "doré", "vip": True}
    assert ada.updated_at == now
    assert Recipient.objects.get(pk=bob.pk).last_name == "Last2"
    assert said(run, "1 people updated, 0 unchanged.")


def test_a_date_that_no_calendar_has_counts_as_missing_and_is_told(now: datetime) -> None:
    texts = ["2024-02-29", "2025-02-30", "2025-13-01", "0000-01-01", "2025-01-00", "soon"]
    people = [make_recipient(at, attributes={"born": text}) for at, text in enumerate(texts)]
    added = [{"name": "born", "from": "field", "field": "attributes.born"}]

    run = update(people, now, {"birth_date": {"from": "target.born"}}, added=added)

    assert [person.birth_date for person in people] == [date(2024, 2, 29), None, None, None, None, None]
    assert said(run, "birth_date: 4 dates that no calendar has count as missing.")
    assert said(run, "1 people updated, 5 unchanged.")


def test_who_has_the_values_already_is_not_touched(now: datetime) -> None:
    ada = make_recipient(1, language="fr", attributes={"segment": "gold", "n": 1.5, "town": ""})
    before = ada.updated_at

    values = {"language": "fr", "attributes.segment": "gold", "attributes.n": 1.5, "attributes.town": ""}
    run = update([ada], now, values)

    assert ada.updated_at == before
    assert said(run, "0 people updated, 1 unchanged.")


def test_added_data_is_written_where_it_fits(now: datetime) -> None:
    attributes = {"long": "x" * 11, "date": "1990-02-28", "yes": True, "word": "female", "n": 3}
    ada, bob = make_recipient(1, attributes=attributes), make_recipient(2, birth_date="1980-01-01")
    added = [{"name": name, "from": "field", "field": f"attributes.{name}"} for name in attributes]
    values = {
        "language": {"from": "target.long"},
        "birth_date": {"from": "target.date"},
        "denylist.sms": {"from": "target.yes"},
        "gender": {"from": "target.word"},
        "attributes.copy": {"from": "target.n"},
    }

    run = update([ada, bob], now, values, added=added)

    assert (ada.language, ada.birth_date, ada.denylist_sms, ada.gender) == ("en", date(1990, 2, 28), True, "female")
    assert ada.attributes["copy"] == 3
    assert (bob.birth_date, bob.attributes) == (date(1980, 1, 1), {})
    assert said(run, "1 people updated, 1 unchanged.")


def test_only_what_is_missing_is_set(now: datetime) -> None:
    ada, bob = make_recipient(1, first_name="", attributes={"town": ""}), make_recipient(2, attributes={"town": "Metz"})

    update([ada, bob], now, {"first_name": "Friend", "attributes.town": "Nice"}, only_missing=True)

    assert (ada.first_name, ada.attributes) == ("Friend", {"town": "Nice"})
    assert (bob.first_name, bob.attributes) == ("First2", {"town": "Metz"})


def test_the_day_is_that_of_the_run(now: datetime) -> None:
    (ada,) = make_recipients(1)

    update([ada], now, {"attributes.seen_on": {"today": 0}, "birth_date": {"today": -1}})

    assert (ada.attributes, ada.birth_date) == ({"seen_on": "2025-10-06"}, date(2025, 10, 5))


def test_changing_whether_people_may_be_written_to_is_a_warning(now: datetime) -> None:
    run = update(make_recipients(1), now, {"denylist_email": True})

    assert run.log.get(level=RunLog.Level.WARNING).message.endswith("denylist_email.")
    assert Recipient.objects.get().denylist_email is True


def test_with_an_outbound_transition_the_people_go_on(now: datetime) -> None:
    people = make_recipients(2)

    assert left_by(update(people, now, {"language": "fr"}, outbound=True), "u") == numbers(people)


def test_a_repeated_task_changes_nobody_again(now: datetime) -> None:
    run = update(make_recipients(1), now, {"language": "fr"})

    repeat(run, "u", now=now)

    assert said(run, "0 people updated, 1 unchanged.")


def test_nobody_comes_in_and_nothing_changes(now: datetime) -> None:
    run = update([], now, {"language": "fr", "attributes.a": {"from": "target.nothing"}})

    assert task_of(run, "u").error == ""


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"field": "language"},
        {"field": "email", "value": "a@example.com"},
        {"field": "id", "value": 1},
        {"field": "attributes.a.b", "value": 1},
        {"field": "attributes.a", "value": None},
        {"field": "attributes.a", "value": [1]},
        {"field": "attributes.a", "value": {"from": "email"}},
        {"field": "attributes.a", "value": {"from": "target.a b"}},
        {"field": "attributes.a", "value": {"today": "x"}},
        {"field": "language", "value": {"today": 0}},
        {"field": "language", "value": "much too long"},
        {"field": "gender", "value": "unknown"},
        {"field": "birth_date", "value": "soon"},
        {"field": "denylist_sms", "value": "yes"},
        {"field": "language", "value": True},
        {"field": "language", "value": "fr", "when": 1},
    ],
)
def test_a_faulty_field_is_refused(row: dict[str, Any], now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="invalid_config"):
        make_workflow(drawing([activity("u", "update_data", set=[row])]), now=now)


def test_the_number_of_statements_does_not_grow_with_the_people(now: datetime) -> None:
    def statements(people: list[Recipient]) -> int:
        with CaptureQueriesContext(connection) as queries:
            update(people, now, {"language": "fr", "attributes.a": {"from": "target.nothing"}})
        return len(queries) - len(people)

    few = statements(make_recipients(3))
    assert statements(make_recipients(300)) == few
