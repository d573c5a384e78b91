from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest

from operations import services
from operations.models import Activity, WorkflowRun, WorkflowVersion
from operations.workflow import engine
from operations.workflow.base import ActivityType, Done, Outcome, TaskContext
from operations.workflow.config import ConfigForm
from operations.workflow.definition import (
    InvalidDefinition,
    VersionConflict,
    definition_of,
    read_definition,
    save_definition,
)
from operations.workflow.graph import GraphFaults
from operations.workflow.registry import activity_types
from tests.factories import make_recipients
from tests.operations.factories import EVERYONE, activity, drawing, make_workflow, run_once

pytestmark = pytest.mark.django_db
SOUND = drawing(
    [activity("begin", "start"), activity("who", "query", filter=EVERYONE), activity("end", "end")],
    "begin → who",
    "who → end",
)


class Watched(ActivityType):
    """Remembers how it was saved."""

    code = "watched"
    label = "Watched"
    minimum_inbound = 0
    may_end_branch = True
    Config = ConfigForm
    saves: list[tuple[str, Mapping[str, Any] | None]]

    def execute(self, context: TaskContext) -> Outcome:
        return Done({"out": None})

    def saved(self, activity: Activity, previous: Mapping[str, Any] | None) -> None:
        Watched.saves.append((activity.name, previous))

    def document(self, activity: Activity) -> dict[str, Any]:
        return {"seen": activity.pk}


@pytest.fixture
def watched() -> Iterator[type[Watched]]:
    Watched.saves = []
    activity_types.add("watched", Watched)
    yield Watched
    del activity_types._entries["watched"]


def test_what_was_saved_is_read_with_defaults_filled_in(now: datetime) -> None:
    workflow = make_workflow(SOUND, now=now)

    read = read_definition(workflow)

    assert read["version"] == 1
    assert [entry["name"] for entry in read["activities"]] == ["begin", "who", "end"]
    assert read["activities"][2]["config"] == {"stop_all": False}
    assert read["transitions"] == SOUND["transitions"]


def test_what_was_read_can_be_saved_again(now: datetime, watched: type[Watched]) -> None:
    workflow = make_workflow(drawing([activity("eye", "watched")]), now=now)
    read = read_definition(workflow)

    assert "seen" in read["activities"][0]
    assert save_definition(workflow, read) == 2


def test_another_version_is_a_conflict_and_changes_nothing(now: datetime) -> None:
    workflow = make_workflow(SOUND, now=now)
    stale = {**drawing([activity("other", "start")]), "version": 0}

    with pytest.raises(VersionConflict, match="at version 1, not 0"):
        save_definition(workflow, stale)

    assert [entry["name"] for entry in read_definition(workflow)["activities"]] == ["begin", "who", "end"]


def test_an_activity_without_runs_is_deleted(now: datetime) -> None:
    workflow = make_workflow(SOUND, now=now)

    save_definition(workflow, drawing([activity("begin", "start")]))

    assert list(workflow.activities.values_list("name", flat=True)) == ["begin"]


def test_an_activity_with_runs_is_retired_and_comes_back_by_its_name(now: datetime) -> None:
    workflow = make_workflow(SOUND, now=now)
    number = workflow.activities.get(name="who").pk
    run_once(workflow, now=now)

    save_definition(workflow, drawing([activity("begin", "start")]))

    assert Activity.objects.get(pk=number).retired
    assert [entry["name"] for entry in read_definition(workflow)["activities"]] == ["begin"]

    save_definition(workflow, SOUND)

    assert workflow.activities.get(name="who", retired=False).pk == number


def test_a_running_run_keeps_its_version(now: datetime) -> None:
    make_recipients(2)
    workflow = make_workflow(SOUND, now=now)
    run, _created = services.run_now(workflow, now=now)

    save_definition(workflow, drawing([activity("begin", "start"), activity("end", "end")], "begin → end"))
    engine.advance(run.pk, now=now)

    run.refresh_from_db()
    assert definition_of(run.version).sources_of("end") == ["who"]
    assert {task.name: task.get_state_display() for task in run.tasks.all()} == dict.fromkeys(
        ["begin", "who", "end"], "Done"
    )
    later, _created = services.run_now(workflow, now=now, scheduled_for=now.replace(hour=9))
    assert later.version.number == 2


def test_each_type_hears_of_its_activities_with_the_former_configuration(now: datetime, watched: type[Watched]) -> None:
    workflow = make_workflow(drawing([activity("eye", "watched")]), now=now)
    save_definition(workflow, drawing([activity("eye", "watched"), activity("ear", "watched")]))

    assert watched.saves == [("eye", None), ("eye", {}), ("ear", None)]


def test_an_unfinished_drawing_is_saved_and_refused_at_start(now: datetime) -> None:
    workflow = make_workflow(drawing([activity("who", "query", filter=EVERYONE), activity("all", "union")]), now=now)

    with pytest.raises(GraphFaults) as caught:
        services.start_workflow(workflow, now=now)

    assert {fault.code for fault in caught.value.faults} == {"dangling_outlet", "missing_inbound"}
    assert not WorkflowRun.objects.exists()


@pytest.mark.parametrize(
    ("document", "code", "place"),
    [
        (drawing([activity("x", "teleport")]), "unknown_type", "x"),
        (drawing([activity("x", "query")]), "invalid_config", "x"),
        (drawing([activity("x", "query", filter={})]), "invalid_config", "x"),
        (drawing([activity("x", "query", filter=EVERYONE, colour="red")]), "colour", "x"),
        (drawing([activity("x", "start")], "x → y"), "unknown_activity", "y"),
        (drawing([activity("x", "start"), activity("y", "end")], "x.left → y"), "unknown_outlet", "x"),
        (drawing([activity("x", "start"), activity("y", "start")], "x → y"), "too_many_inbound", "y"),
    ],
)
def test_a_faulty_document_is_refused_by_name(document: Any, code: str, place: str, now: datetime) -> None:
    workflow = make_workflow(now=now)

    with pytest.raises(InvalidDefinition, match=code) as caught:
        save_definition(workflow, document)

    assert place in caught.value.fields
    assert not WorkflowVersion.objects.exists()


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"activities": {}},
        {"activities": ["x"]},
        {"activities": [{"type": "start"}]},
        {"activities": [{"name": "x" * 101, "type": "start"}]},
        {"activities": [{"name": "x", "type": "start"}] * 2},
        {"activities": [{"name": "x", "type": "start", "x": "left"}]},
        {"activities": [{"name": "x\x00", "type": "start"}]},
        {"activities": [{"name": "x", "type": "start", "config": {"n": float("nan")}}]},
        {"activities": [{"name": "\ud800", "type": "start"}]},
        {"activities": [{"name": "x", "type": "start", "config": [1]}]},
        {"activities": [], "transitions": [{"source": "x"}]},
    ],
)
def test_a_broken_document_is_an_error_and_not_a_crash(document: Any, now: datetime) -> None:
    workflow = make_workflow(now=now)

    with pytest.raises(InvalidDefinition):
        save_definition(workflow, document)
