"""How the states of operations, workflows, runs and tasks look."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common import badges
from common.badges import Badge
from operations.models import OperationState, RehearsalState, RunState, TaskState, Workflow, WorkflowState

FAILED = gettext_lazy("Failed")

# One call for each class: members of two of them are equal where their numbers are.
badges.register(
    {
        OperationState.EDITED: ("mute", "pencil"),
        OperationState.STARTED: ("run", "play"),
        OperationState.FINISHED: ("ok", "check-check"),
        OperationState.CANCELLED: ("mute", "circle-slash"),
    }
)
badges.register(
    {
        WorkflowState.EDITED: ("mute", "pencil"),
        WorkflowState.STARTED: ("run", "play"),
        WorkflowState.PAUSED: ("warn", "pause"),
        WorkflowState.FINISHED: ("ok", "check-check"),
    }
)
badges.register(
    {
        RunState.WAITING: ("wait", "clock"),
        RunState.RUNNING: ("run", "loader"),
        RunState.PAUSED: ("warn", "pause"),
        RunState.FAILED: ("bad", "octagon-x"),
        RunState.FINISHED: ("ok", "check"),
        RunState.STOPPED: ("mute", "square"),
        RunState.SKIPPED: ("mute", "skip-forward"),
    }
)
badges.register(
    {
        RehearsalState.WAITING: ("wait", "clock"),
        RehearsalState.RUNNING: ("run", "loader"),
        RehearsalState.DONE: ("ok", "check"),
        RehearsalState.FAILED: ("bad", "octagon-x"),
    }
)
badges.register(
    {
        TaskState.WAITING: ("wait", "clock"),
        TaskState.RUNNING: ("run", "loader"),
        TaskState.DONE: ("ok", "check"),
        TaskState.FAILED: ("bad", "octagon-x"),
        TaskState.SKIPPED: ("mute", "skip-forward"),
    }
)


def workflow_badge(workflow: Workflow) -> Badge:
    """A workflow that a failure paused is “failed”, whatever its state is called."""
    if workflow.failed:
        return Badge("bad", "octagon-x", FAILED, _("Paused by a failure"))
    return badges.badge(WorkflowState(workflow.state))


def task_badge(state: int, *, warned: bool = False) -> Badge:
    """In the words of the canvas; `warned`: its log holds a warning."""
    if warned and state == TaskState.DONE:
        return Badge("warn", "triangle-alert", TASK_WORDS[TaskState.DONE], _("Finished with a warning"))
    look = badges.badge(TaskState(state))
    return Badge(look.tone, look.icon, TASK_WORDS[TaskState(state)])


TASK_WORDS = {
    TaskState.WAITING: gettext_lazy("waiting"),
    TaskState.RUNNING: gettext_lazy("running"),
    TaskState.DONE: gettext_lazy("finished"),
    TaskState.FAILED: gettext_lazy("failed"),
    TaskState.SKIPPED: gettext_lazy("not activated"),
}
