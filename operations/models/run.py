"""Executions: a run of a workflow, its tasks (one per activity), and their log."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.sentences import read
from common.states import SlugChoices, StateMachine
from operations.models.workflow import Activity, Workflow, WorkflowVersion


class RunState(SlugChoices):
    WAITING = 0, _("Waiting")
    RUNNING = 1, _("Running")
    PAUSED = 2, _("Paused")
    FAILED = 3, _("Failed")
    FINISHED = 4, _("Finished")
    STOPPED = 5, _("Stopped")
    SKIPPED = 6, _("Skipped")


RUN_MOVES = StateMachine(
    "state",
    {
        RunState.WAITING: [RunState.RUNNING, RunState.PAUSED, RunState.STOPPED, RunState.SKIPPED],
        RunState.RUNNING: [RunState.PAUSED, RunState.FAILED, RunState.FINISHED, RunState.STOPPED],
        RunState.PAUSED: [RunState.RUNNING, RunState.WAITING, RunState.STOPPED],
        RunState.FAILED: [RunState.RUNNING, RunState.STOPPED],
        RunState.FINISHED: [],
        RunState.STOPPED: [],
        RunState.SKIPPED: [],
    },
)
ACTIVE_RUN_STATES = [RunState.WAITING, RunState.RUNNING, RunState.PAUSED, RunState.FAILED]
FINAL_RUN_STATES = [RunState.FINISHED, RunState.STOPPED, RunState.SKIPPED]


class TaskState(SlugChoices):
    WAITING = 0, _("Waiting")
    RUNNING = 1, _("Running")
    DONE = 2, _("Done")
    FAILED = 3, _("Failed")
    SKIPPED = 4, _("Skipped")


TASK_MOVES = StateMachine(
    "state",
    {
        TaskState.WAITING: [TaskState.RUNNING, TaskState.SKIPPED],
        # Back to waiting: its executor died, or a failed run is resumed from here.
        TaskState.RUNNING: [TaskState.DONE, TaskState.FAILED, TaskState.WAITING, TaskState.SKIPPED],
        TaskState.FAILED: [TaskState.WAITING, TaskState.SKIPPED],
        TaskState.DONE: [],
        TaskState.SKIPPED: [],
    },
)


class WorkflowRun(models.Model):
    """One execution: one row per (workflow, entry activity, scheduled instant), however many ticks there were."""

    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="runs", verbose_name=_("workflow"))
    version = models.ForeignKey(
        WorkflowVersion, on_delete=models.PROTECT, related_name="runs", verbose_name=_("version")
    )
    # Name of the scheduler that started the branch; empty when every entry without a schedule starts.
    entry = models.CharField(_("entry"), max_length=100, blank=True, default="")
    scheduled_for = models.DateTimeField(_("scheduled for"))
    # The sub-workflow activity's task that started it, waits for it, and is the only reason for which it goes on.
    parent_task = models.ForeignKey(
        "ActivityRun",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="child_runs",
        verbose_name=_("started by the task"),
    )
    state = models.SmallIntegerField(_("state"), choices=RunState.choices, default=RunState.WAITING)
    vars = models.JSONField(_("variables"), default=dict, blank=True)
    error = models.TextField(_("error"), blank=True, default="")
    manual = models.BooleanField(_("started by hand"), default=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints = [
            models.UniqueConstraint(
                fields=["workflow", "entry", "scheduled_for"],
                condition=models.Q(parent_task__isnull=True),
                name="run_once_per_scheduled_instant",
            ),
            # One that was stopped on its own is followed by another when its parent is resumed.
            models.UniqueConstraint(
                fields=["parent_task"], condition=~models.Q(state=RunState.STOPPED), name="run_one_child_per_task"
            ),
            models.CheckConstraint(condition=models.Q(state__in=RunState.values), name="run_state_is_known"),
        ]
        indexes = [
            # The picker looks for active runs only; finished ones are the many.
            models.Index(fields=["state"], name="run_active", condition=models.Q(state__lte=RunState.PAUSED)),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ActivityRun(models.Model):
    """A task: one activity in one run. Its outlets hold the number of people who left through each."""

    run = models.ForeignKey(WorkflowRun, on_delete=models.CASCADE, related_name="tasks", verbose_name=_("run"))
    activity = models.ForeignKey(Activity, on_delete=models.PROTECT, related_name="tasks", verbose_name=_("activity"))
    name = models.CharField(_("name"), max_length=100)
    state = models.SmallIntegerField(_("state"), choices=TaskState.choices, default=TaskState.WAITING)
    outlets = models.JSONField(_("outlets"), default=dict, blank=True)
    # What a task that waits remembers between two looks (an instant, a delivery's number).
    memo = models.JSONField(_("memo"), default=dict, blank=True)
    # A running task is looked at again from this instant: a wait's end, or the next look at a delivery.
    resume_at = models.DateTimeField(_("resumes at"), null=True, blank=True)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    error = models.TextField(_("error"), blank=True, default="")
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        constraints = [
            models.UniqueConstraint(fields=["run", "activity"], name="task_once_per_run_and_activity"),
            models.CheckConstraint(condition=models.Q(state__in=TaskState.values), name="task_state_is_known"),
        ]
        indexes = [
            # The sweep looks for tasks whose stop was cut short; those at work are few.
            models.Index(fields=["state"], name="task_at_work", condition=models.Q(state=1)),
        ]


class RunLog(models.Model):
    class Level(models.TextChoices):
        INFO = "info", _("Information")
        WARNING = "warning", _("Warning")
        ERROR = "error", _("Error")

    run = models.ForeignKey(WorkflowRun, on_delete=models.CASCADE, related_name="log", verbose_name=_("run"))
    task = models.ForeignKey(
        ActivityRun, on_delete=models.CASCADE, null=True, blank=True, related_name="log", verbose_name=_("task")
    )
    at = models.DateTimeField(_("at"))
    level = models.CharField(_("level"), max_length=10, choices=Level.choices, default=Level.INFO)
    # As the writer said it: for rows without a sentence.
    message = models.TextField(_("message"))
    sentence = models.JSONField(_("sentence"), null=True, blank=True, default=None)

    class Meta:
        verbose_name = _("log line")
        verbose_name_plural = _("workflow log")

    @property
    def text(self) -> str:
        """The message in the reader's language."""
        return read(self.sentence, fallback=self.message)
