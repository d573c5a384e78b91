from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from operations.models import RunLog, WorkflowRun
from operations.workflow.definition import InvalidDefinition
from operations.workflow.exchange import export_document
from recipients.models import Recipient
from tests.factories import make_recipient
from tests.operations.factories import (
    activity,
    drawing,
    left_by,
    make_list,
    make_workflow,
    numbers,
    run_drawing,
    task_of,
)
from tests.operations.repetition import repeat

pytestmark = pytest.mark.django_db
MAPPING = {"email": "E-mail", "first_name": "Prénom", "attributes.town": "Ville"}


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    inbox = tmp_path / "files" / "in"
    inbox.mkdir(parents=True)
    return inbox


def drop(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("\n".join(["E-mail;Prénom;Ville", *lines]), encoding="utf-8")


def document(**config: Any) -> dict[str, Any]:
    box = activity("l", "data_loading_file", **{"file": "a*.csv", "mapping": MAPPING, **config})
    arrows = ["s → l", "l → end"] + (["l.missing → end"] if config.get("missing") == "outlet" else [])
    return drawing([activity("s", "start"), box, activity("end", "end")], *arrows)


def load(now: datetime, **config: Any) -> WorkflowRun:
    return run_drawing(document(**config), now=now)


def test_people_are_created_and_updated_and_go_on(now: datetime, folder: Path) -> None:
    ada, other = make_recipient(1, email="ada@example.com"), make_recipient(2)
    drop(folder, "a1.csv", "ADA@example.com;Ada;Nîmes", "bob@example.com;Bob;")
    drop(folder, "a2.csv", "carl@example.com;Carl;Metz", "bob@example.com;Bob;")
    drop(folder, "b.csv", "dora@example.com;Dora;")

    run = load(now)

    ada.refresh_from_db()
    assert (ada.first_name, ada.attributes) == ("Ada", {"town": "Nîmes"})
    assert left_by(run, "l") == numbers(list(Recipient.objects.exclude(pk=other.pk)))
    assert task_of(run, "l").outlets == {"out": 3}
    assert run.log.filter(message="a1.csv: 1 created, 1 updated, 0 unchanged.").exists()
    assert run.log.filter(message="a2.csv: 1 created, 0 updated, 1 unchanged.").exists()


def test_rejected_records_are_told_with_their_reasons(now: datetime, folder: Path) -> None:
    drop(folder, "a.csv", "=bad;Ada;", "bob@example.com;Bob;")

    run = load(now)

    name = f"rejected-{run.pk}-a.csv"
    assert run.log.get(level=RunLog.Level.WARNING).message == f"a.csv: 1 records rejected, see files/out/{name}."
    lines = (folder.parent / "out" / name).read_text().splitlines()
    assert lines[0] == "line,reason"
    assert lines[1].startswith("2,")
    assert task_of(run, "l").outlets == {"out": 1}


def test_the_people_join_a_list(now: datetime, folder: Path) -> None:
    target = make_list()
    drop(folder, "a.csv", "bob@example.com;Bob;")

    run = load(now, list=target.pk)

    assert list(target.members.values_list("recipient_id", flat=True)) == left_by(run, "l")


def test_a_loaded_file_is_archived_once_its_effects_are_kept(
    now: datetime, folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    drop(folder, "a.csv", "bob@example.com;Bob;")

    with django_capture_on_commit_callbacks(execute=True):
        load(now)
        assert (folder / "a.csv").exists()

    assert not (folder / "a.csv").exists()
    assert [path.name for path in (folder.parent / "archive").iterdir()] == ["20251006-040000-a.csv"]


def test_a_repeated_task_loads_the_same_file_again_and_changes_nobody(now: datetime, folder: Path) -> None:
    drop(folder, "a.csv", "bob@example.com;Bob;")
    run = load(now, archive=False)

    repeat(run, "l", now=now)

    assert Recipient.objects.count() == 1
    assert left_by(run, "l") == numbers(list(Recipient.objects.all()))


def test_a_missing_file_suspends_the_workflow_or_has_its_own_outlet(now: datetime) -> None:
    assert task_of(load(now), "l").error == "There is no file a*.csv in files/in."

    run = load(now, missing="outlet")
    assert set(task_of(run, "l").memo["fired"]) == {"missing"}


def test_a_file_without_the_column_suspends_the_workflow_and_nothing_is_loaded(now: datetime, folder: Path) -> None:
    drop(folder, "a.csv", "bob@example.com;Bob;")
    (folder / "a2.csv").write_text("x;y\n1;2\n")

    run = load(now)

    assert task_of(run, "l").error.startswith("a2.csv: ")
    assert not Recipient.objects.exists()


def test_a_link_out_of_the_folder_is_not_read(now: datetime, folder: Path, tmp_path: Path) -> None:
    drop(tmp_path, "secret.csv", "bob@example.com;Bob;")
    (folder / "a.csv").symlink_to(tmp_path / "secret.csv")

    assert "There is no file" in task_of(load(now), "l").error


def test_an_export_names_the_list(now: datetime) -> None:
    target = make_list(label="Newcomers")

    assert f"list: {target.internal_name}" in export_document(make_workflow(document(list=target.pk), now=now))


@pytest.mark.parametrize(
    "config",
    [
        {"file": "../a.csv"},
        {"file": ""},
        {"mapping": {}},
        {"mapping": ["email"]},
        {"mapping": {"email": ""}},
        {"mapping": {"email": "E", "colour": "C"}},
        {"mapping": {"first_name": "P"}},
        {"key": "last_name"},
        {"list": 0},
        {"archive": "yes"},
        {"missing": "ignore"},
    ],
)
def test_a_faulty_configuration_is_refused(config: dict[str, Any], now: datetime) -> None:
    with pytest.raises(InvalidDefinition, match="invalid_config"):
        make_workflow(document(**config), now=now)


def test_a_list_may_be_absent(now: datetime) -> None:
    workflow = make_workflow(document(list=None), now=now)

    assert workflow.activities.get(name="l").config["list"] is None
