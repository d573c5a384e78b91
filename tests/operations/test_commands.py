from __future__ import annotations

import json
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django_celery_beat.models import PeriodicTask

from operations.models import Operation, OperationState, RunState, Workflow, WorkflowRun, WorkflowState
from operations.workflow.base import ActivityFailed
from operations.workflow.registry import activity_types
from tests.operations.scheduling import make_drawn_workflow

pytestmark = pytest.mark.django_db


def command(*arguments: Any) -> str:
    output = StringIO()
    call_command(*map(str, arguments), stdout=output)
    return output.getvalue()


def state_of(workflow: Workflow) -> int:
    return Workflow.objects.get(pk=workflow.pk).state


def test_the_command_drives_a_workflow() -> None:
    workflow = make_drawn_workflow()

    assert command("workflow", "start", workflow.pk) == f"Workflow {workflow.pk}: started\n"
    assert PeriodicTask.objects.get(name__startswith=f"workflow:{workflow.pk}:").enabled
    assert json.loads(command("workflow", "pause", workflow.pk, "--json"))["state"] == "paused"
    assert not PeriodicTask.objects.get(name__startswith=f"workflow:{workflow.pk}:").enabled
    command("workflow", "resume", workflow.pk)
    assert state_of(workflow) == WorkflowState.STARTED
    command("workflow", "stop", workflow.pk)
    assert state_of(workflow) == WorkflowState.FINISHED


def test_what_the_state_does_not_allow_is_refused() -> None:
    workflow = make_drawn_workflow()

    with pytest.raises(CommandError) as refusal:
        command("workflow", "pause", workflow.pk)

    assert refusal.value.returncode == 1
    assert "\n" not in str(refusal.value)
    assert state_of(workflow) == WorkflowState.EDITED


def test_a_workflow_that_does_not_exist_is_named() -> None:
    with pytest.raises(CommandError, match="There is no workflow 77"):
        command("workflow", "start", 77)


@pytest.mark.parametrize(
    "arguments",
    [["start", "1", "--wait"], ["logs", "1", "--entry", "x"], ["nonsense", "1"], ["start"], ["start", "one"]],
)
def test_misuse_exits_with_2(arguments: list[str]) -> None:
    from operations.management.commands.workflow import Command

    with pytest.raises(SystemExit) as exit_:
        Command().run_from_argv(["manage.py", "workflow", *arguments])

    assert exit_.value.code == 2


def test_run_now_makes_one_run_per_instant_and_entry(now: datetime) -> None:
    workflow = make_drawn_workflow()
    arguments = ("workflow", "run-now", workflow.pk, "--for", "2025-10-06T06:00:00", "--entry", "every", "--json")

    first, second = (json.loads(command(*arguments)) for _ in range(2))

    run = WorkflowRun.objects.get()
    assert (run.scheduled_for, run.entry, run.manual) == (now, "every", True)
    assert (first["created"], second["created"], first["id"]) == (True, False, second["id"])
    assert state_of(workflow) == WorkflowState.EDITED


def test_run_now_and_wait_carries_the_run_out_and_prints_its_log() -> None:
    workflow = make_drawn_workflow()

    output = command("workflow", "run-now", workflow.pk, "--entry", "every", "--wait")

    run = WorkflowRun.objects.get()
    assert run.state == RunState.FINISHED
    assert output.splitlines()[-1].endswith(": finished")
    assert len(output.splitlines()) == 1 + run.log.count()


def test_a_run_that_fails_is_told_and_exits_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any) -> None:
        raise ActivityFailed("The list is gone.")

    workflow = make_drawn_workflow()
    monkeypatch.setattr(activity_types.get("end"), "execute", fail)

    with pytest.raises(CommandError, match=r"The run did not finish: .*The list is gone\."):
        command("workflow", "run-now", workflow.pk, "--wait")

    assert WorkflowRun.objects.get().state == RunState.FAILED


def test_the_log_of_a_workflow_is_read_in_order() -> None:
    workflow = make_drawn_workflow()
    command("workflow", "run-now", workflow.pk, "--entry", "every", "--wait", "--json")

    lines = json.loads(command("workflow", "logs", workflow.pk, "--json"))

    assert [line["message"] for line in lines] == list(
        WorkflowRun.objects.get().log.order_by("pk").values_list("message", flat=True)
    )
    assert len(command("workflow", "logs", workflow.pk).splitlines()) == len(lines)


def test_an_operation_is_started_and_cancelled_with_its_workflows() -> None:
    operation = Operation.objects.create(label="Christmas")
    workflow = make_drawn_workflow(operation=operation)
    command("operation", "start", operation.pk)
    command("workflow", "start", workflow.pk)

    document = json.loads(command("operation", "cancel", operation.pk, "--json"))

    assert document["state"] == "cancelled"
    assert Operation.objects.get().state == OperationState.CANCELLED
    assert state_of(workflow) == WorkflowState.FINISHED
    assert not PeriodicTask.objects.filter(name__startswith=f"workflow:{workflow.pk}:", enabled=True).exists()
