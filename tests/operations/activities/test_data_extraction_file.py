from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operations import services
from operations.models import WorkflowRun
from operations.workflow import engine
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


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "files" / "out"


def extract(people: list[Recipient], now: datetime, **config: Any) -> WorkflowRun:
    column = {"name": "wave", "from": "constant", "value": "+1"}
    activities = [
        *people_of(make_list(people)),
        activity("e", "enrichment", columns=[column]),
        activity("x", "data_extraction_file", **config),
    ]
    return run_drawing(drawing(activities, "a → e", "e → x"), now=now)


def test_the_people_are_written_in_the_order_under_the_headings(now: datetime, folder: Path) -> None:
    zoe = make_recipient(1, last_name="Zoé", birth_date="1990-02-28", attributes={"town": "Nîmes"})
    ann = make_recipient(2, last_name="Ann; B")
    fields = ["last_name", "birth_date", "denylist.email", "attributes.town", "target.wave"]
    columns = [{"field": "id", "label": "Nr"}, *({"field": name} for name in fields)]

    run = extract([zoe, ann], now, columns=columns, order_by="last_name", format="semicolon")

    assert (folder / "people-2025-10-06.csv").read_text().splitlines() == [
        "Nr;last_name;birth_date;denylist.email;attributes.town;target.wave",
        f'{ann.pk};"Ann; B";;0;;\'+1',
        f"{zoe.pk};Zoé;1990-02-28;0;Nîmes;'+1",
    ]
    assert left_by(run, "x") == numbers([zoe, ann])
    assert run.log.filter(message="2 people written to files/out/people-2025-10-06.csv.").exists()


def test_no_cell_is_a_formula(now: datetime, folder: Path) -> None:
    starts = ["=1+1", "+1", "-1", "@x", "\tx", "\rx"]
    people = [make_recipient(number, first_name=text) for number, text in enumerate(starts)]

    extract(people, now, columns=[{"field": "first_name", "label": "=x"}])

    lines = (folder / "people-2025-10-06.csv").read_text().splitlines()
    assert all(line.lstrip('"').startswith("'") for line in lines if line.strip('"') != "x")


def test_a_repeated_task_replaces_the_file_and_leaves_nothing_unfinished(now: datetime, folder: Path) -> None:
    run = extract(make_recipients(1), now, file="a.csv")
    first = (folder / "a.csv").read_text()

    repeat(run, "x", now=now)

    assert [path.name for path in folder.iterdir()] == ["a.csv"]
    assert (folder / "a.csv").read_text() == first


def test_nobody_comes_in_and_the_file_has_its_headings(now: datetime, folder: Path) -> None:
    extract([], now, file="a.csv", columns=[{"field": "email"}])

    assert (folder / "a.csv").read_text() == "email\n"


def test_a_name_made_of_a_variable_never_leaves_the_folder(now: datetime, folder: Path) -> None:
    document = drawing(
        [*people_of(make_list()), activity("x", "data_extraction_file", file="{{ vars.x }}.csv")], "a → x"
    )
    workflow = make_workflow(document, now=now)
    run, _created = services.run_now(workflow, now=now)
    WorkflowRun.objects.filter(pk=run.pk).update(vars={"x": "../../secret"})
    engine.advance(run.pk, now=now)

    assert "secret" in task_of(run, "x").error
    assert not list(folder.parent.parent.rglob("*secret*"))


@pytest.mark.parametrize(
    "config",
    [
        {"file": ""},
        {"file": "../a.csv"},
        {"file": "/etc/passwd"},
        {"file": ".hidden"},
        {"file": "{{ colour }}.csv"},
        {"columns": []},
        {"columns": [{"field": "colour"}]},
        {"columns": [{"field": "target.a b"}]},
        {"columns": [{"field": "email", "label": 1}]},
        {"format": "xlsx"},
        {"order_by": "x"},
    ],
)
def test_a_faulty_configuration_is_refused(config: dict[str, Any], now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="invalid_config"):
        make_workflow(drawing([activity("x", "data_extraction_file", **config)]), now=now)


def test_the_number_of_statements_does_not_grow_with_the_people(now: datetime) -> None:
    def statements(people: list[Recipient]) -> int:
        with CaptureQueriesContext(connection) as queries:
            extract(people, now, columns=[{"field": "target.wave"}])
        return len(queries)

    few = statements(make_recipients(3))
    assert statements(make_recipients(300)) <= few
