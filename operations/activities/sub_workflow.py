"""Sub-workflow: another workflow does a part of the work, and this one waits for what comes out of it.

The child stays in its own drawing and its own state: a run of it is made for this task alone, paused, resumed and
stopped with the parent. Entry and exit are found by `operations/workflow/children.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from common.errors import Refused
from common.sentences import Sentence
from operations.models import Activity, ActivityRun, RunState, TaskState, Workflow, WorkflowRun
from operations.models.run import FINAL_RUN_STATES
from operations.rehearsal.shadow import make_shadow, run_variables
from operations.workflow import children, control, engine
from operations.workflow.base import ActivityFailed, ActivityType, Done, Outcome, TaskContext, Wait
from operations.workflow.config import ConfigForm, InvalidConfig
from operations.workflow.fields import MAXIMUM_CHOICES
from operations.workflow.registry import register
from operations.workflow.variables import HANDED_OVER

# The end of the child wakes the task; this look is for the case that it ended while the task was looked at.
LOOK_AGAIN = timedelta(minutes=1)


class WorkflowField(forms.IntegerField):
    """The number of a workflow."""

    def describe(self, scope: Any) -> dict[str, Any]:
        others = Workflow.objects.exclude(pk=scope.workflow.pk).order_by("label", "pk")
        return {
            "editor": "choice",
            "choices": [list(row) for row in others.values_list("pk", "label")[:MAXIMUM_CHOICES]],
        }

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        if not Workflow.objects.filter(pk=number).exists():
            raise forms.ValidationError(_("There is no workflow %(number)s.") % {"number": number})
        return number


class SubWorkflowConfig(ConfigForm):
    workflow = WorkflowField(label=gettext_lazy("Workflow"))
    entry = forms.CharField(
        label=gettext_lazy("Entry"),
        required=False,
        initial="",
        max_length=100,
        help_text=gettext_lazy(
            "Where the people go in: a start, or an end point of a jump. Empty: the end point with the lowest number, "
            "else every start."
        ),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or self.cleaned_data)
        number = cleaned.get("workflow")
        if number is None:
            return cleaned
        try:
            child = Workflow.objects.get(pk=number)
            children.require_no_recursion(child, within=self.scope.workflow)
            children.gates_of(children.drawing_of(child), cleaned.get("entry") or "")
        except Refused as error:
            self.add_error("workflow", str(error))
        return cleaned


@register
class SubWorkflow(ActivityType):
    code = children.CODE
    label = gettext_lazy("Sub-workflow")
    description = gettext_lazy("Runs another workflow on the people who come in and goes on with those who come out.")
    icon = "workflow"
    category = "flow"
    minimum_inbound = 0
    may_end_branch = True
    # What its child does may be seen outside.
    has_side_effects = True
    Config = SubWorkflowConfig

    def execute(self, context: TaskContext) -> Outcome:
        run = _child_of(context.task) or self._start(context, _workflow_of(context))
        return self._look(context, run)

    def rehearse(self, context: TaskContext) -> Outcome:
        """The child is rehearsed here and now, on the simulated clock."""
        run = _child_of(context.task)
        if run is None:
            original = _workflow_of(context)
            # One copy for the whole rehearsal: its simulated runs remember those before them.
            shadow = _shadow_of(original) or make_shadow(children.version_of(original))
            run = self._start(context, shadow, original)
        engine.advance(run.pk, now=context.now)
        run.refresh_from_db()
        outcome = self._look(context, run)
        next_look = _next_look(run)
        return Wait(next_look, outcome.memo) if isinstance(outcome, Wait) and next_look else outcome

    def stopped(self, task: ActivityRun, *, now: Any) -> None:
        run = _child_of(task)
        if run is not None:
            control.stop_run(run, now=now)

    def exported(self, activity: Activity) -> dict[str, Any]:
        name = Workflow.objects.filter(pk=activity.config["workflow"]).values_list("internal_name", flat=True).first()
        return {**activity.config, "workflow": name or activity.config["workflow"]}

    def imported(self, exported: Mapping[str, Any]) -> dict[str, Any]:
        name = exported.get("workflow")
        number = Workflow.objects.filter(internal_name=str(name)).values_list("pk", flat=True).first()
        if number is None:
            message = _("There is no workflow with the internal name “%(name)s”.") % {"name": name}
            raise InvalidConfig(message, fields={"workflow": [message]})
        return {**exported, "workflow": number}

    def _start(self, context: TaskContext, workflow: Workflow, original: Workflow | None = None) -> WorkflowRun:
        people = context.single_inbound
        try:
            children.require_not_running(original or workflow, context.run)
            gates = children.gates_of(children.drawing_of(workflow), context.config.get("entry") or "")
            visible = {name: value for name, value in context.run.vars.items() if not name.startswith("_")}
            handed = {HANDED_OVER: dict.fromkeys(gates.entries, people.pk)} if people is not None else {}
            run = engine.create_child_run(
                workflow,
                parent_task=context.task,
                scheduled_for=context.run.scheduled_for,
                now=context.now,
                vars={**visible, **handed, **(run_variables(original) if original else {})},
            )
        except Refused as error:
            raise ActivityFailed(str(error)) from error
        message = gettext_noop("Run #%(run)d of the sub-workflow “%(workflow)s” begins.")
        context.log(Sentence(message, {"run": run.pk, "workflow": workflow.label}))
        return run

    def _look(self, context: TaskContext, run: WorkflowRun) -> Outcome:
        if run.state == RunState.FAILED:
            message = _("The sub-workflow “%(workflow)s” failed: %(error)s")
            raise ActivityFailed(message % {"workflow": run.workflow.label, "error": run.error})
        if run.state not in FINAL_RUN_STATES:
            return Wait(context.now + LOOK_AGAIN, {"attempt": context.task.attempt})
        if run.state != RunState.FINISHED:
            raise ActivityFailed(_("The sub-workflow “%(workflow)s” was stopped.") % {"workflow": run.workflow.label})
        children.copy_log(run, context.task)
        return Done({"out": children.outbound(run, context.task, context.config.get("entry") or "")})


def _workflow_of(context: TaskContext) -> Workflow:
    workflow = Workflow.objects.select_related("operation").filter(pk=context.config["workflow"]).first()
    if workflow is None:
        raise ActivityFailed(_("There is no workflow %(number)s.") % {"number": context.config["workflow"]})
    return workflow


def _shadow_of(original: Workflow) -> Workflow | None:
    """The copy that an earlier run of this rehearsal made; those of other rehearsals are never committed."""
    runs = WorkflowRun.objects.filter(vars___rehearsal=original.pk, parent_task__isnull=False)
    run = runs.select_related("workflow__operation").order_by("pk").first()
    return run.workflow if run is not None else None


def _child_of(task: ActivityRun) -> WorkflowRun | None:
    """The run of this task; one that was stopped on its own is followed by another once the task is resumed."""
    run = WorkflowRun.objects.filter(parent_task=task).select_related("workflow").order_by("-pk").first()
    if run is not None and run.state == RunState.STOPPED and task.memo.get("attempt") != task.attempt:
        return None
    return run


def _next_look(run: WorkflowRun) -> Any:
    waiting = run.tasks.filter(state=TaskState.RUNNING, resume_at__isnull=False)
    return waiting.order_by("resume_at").values_list("resume_at", flat=True).first()
