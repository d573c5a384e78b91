"""Sub-workflows: where people go in and come out, that none runs itself, and what is told to the parent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from common.errors import Invalid
from operations.models import Activity, ActivityRun, Population, RunLog, Workflow, WorkflowRun, WorkflowVersion
from operations.workflow import added_data, populations
from operations.workflow.document import JUMP_END, JUMP_START, Definition, Node, definition_of
from operations.workflow.graph import branch, entries

CODE = "sub_workflow"
START, END = "start", "end"
# The lines of a child that its parent repeats; the rest is read in the run of the child.
MAXIMUM_LINES = 200


class InvalidSubWorkflow(Invalid):
    """This workflow can't be run by the other one."""

    code = "invalid_sub_workflow"


@dataclass(frozen=True)
class Gates:
    """The activities by which people come in, and those at which they come out."""

    entries: Sequence[str]
    exits: Sequence[str]


def version_of(workflow: Workflow) -> WorkflowVersion:
    """The saved version. Raises InvalidSubWorkflow when nothing was drawn."""
    version = WorkflowVersion.objects.filter(workflow=workflow, number=workflow.version).first()
    if version is None:
        raise InvalidSubWorkflow(_("The workflow “%(workflow)s” is empty.") % {"workflow": workflow.label})
    return version


def drawing_of(workflow: Workflow) -> Definition:
    """The drawing, if it can run at once. Raises InvalidSubWorkflow."""
    drawing = definition_of(version_of(workflow))
    if "" not in entries(drawing):
        message = _("The workflow “%(workflow)s” runs only by its schedule: begin it with a start or a jump.")
        raise InvalidSubWorkflow(message % {"workflow": workflow.label})
    return drawing


def gates_of(drawing: Definition, entry: str) -> Gates:
    """Entry: the one that is named, else the free end point with the lowest number, else every start.

    Exit: the free start point with the highest number, else every end. Raises InvalidSubWorkflow.
    """
    nodes = [drawing.nodes[name] for name in sorted(branch(drawing, ""))]
    arriving = sorted((node for node in nodes if _is_free(drawing, node, JUMP_END)), key=_number)
    leaving = sorted((node for node in nodes if _is_free(drawing, node, JUMP_START)), key=_number)
    starts = [node.name for node in nodes if node.type == START]
    known = [*(node.name for node in arriving), *starts]
    if entry and entry not in known:
        message = _("“%(entry)s” is no entry of this workflow; there are %(entries)s.")
        raise InvalidSubWorkflow(message % {"entry": entry, "entries": ", ".join(known) or _("none")})
    chosen = [entry] if entry else [node.name for node in arriving[:1]] or starts
    exits = [node.name for node in leaving[-1:]] or [node.name for node in nodes if node.type == END]
    return Gates(chosen, exits)


def require_no_recursion(child: Workflow, *, within: Workflow) -> None:
    """Raise InvalidSubWorkflow if the child is the workflow itself, or runs it in its turn."""
    pending, seen = [child.pk], set()
    while pending:
        number = pending.pop()
        if number == within.pk:
            message = _("“%(child)s” would run “%(workflow)s” again: a workflow can't run itself.")
            raise InvalidSubWorkflow(message % {"child": child.label, "workflow": within.label})
        if number not in seen:
            seen.add(number)
            pending += _run_by(number)


def require_not_running(child: Workflow, run: WorkflowRun) -> None:
    """Raise InvalidSubWorkflow if the child is among those that wait for this run, whatever the drawings say now."""
    ancestor: WorkflowRun | None = run
    while ancestor is not None:
        if child.pk in (ancestor.workflow_id, ancestor.vars.get("_rehearsal")):
            message = _("“%(child)s” is at work already and waits for this task: a workflow can't run itself.")
            raise InvalidSubWorkflow(message % {"child": child.label})
        ancestor = ancestor.parent_task.run if ancestor.parent_task is not None else None


def outbound(run: WorkflowRun, task: ActivityRun, entry: str) -> Population | None:
    """The people who came to the exit of the run; None when nobody was ever chosen."""
    drawing = definition_of(run.version)
    tasks = {row.name: row for row in run.tasks.all()}
    fired = [
        tasks[arrow.source].memo.get("fired", {}).get(arrow.outlet)
        for name in gates_of(drawing, entry).exits
        for arrow in drawing.arrows_into(name)
        if arrow.source in tasks
    ]
    numbers = list(dict.fromkeys(number for number in fired if number is not None))
    came = list(Population.objects.filter(pk__in=numbers).order_by("pk"))
    if len(came) > 1:
        together = populations.store(task, "out", populations.union(came))
        added_data.carry(task, came, [together])
        return together
    return came[0] if came else None


def copy_log(run: WorkflowRun, task: ActivityRun) -> None:
    """Repeat the lines of the child in its parent's log, each after the child's name."""
    lines = RunLog.objects.filter(run=run).order_by("pk")[:MAXIMUM_LINES]
    RunLog.objects.bulk_create(
        RunLog(
            run_id=task.run_id,
            task=task,
            at=line.at,
            level=line.level,
            message=f"{run.workflow.label} › {line.message}",
            sentence={
                "msgid": "%(workflow)s › %(line)s",
                "parameters": {"workflow": run.workflow.label, "line": line.sentence or line.message},
            },
        )
        for line in lines
    )


def _is_free(drawing: Definition, node: Node, kind: str) -> bool:
    """No point of the drawing belongs to this one: it is where people come from outside, or go there."""
    if node.jump_number(kind) is None:
        return False
    return all(node.name not in (jump.source, jump.target) for jump in drawing.jumps)


def _number(node: Node) -> int:
    return int(node.config["number"])


def _run_by(number: int) -> list[int]:
    configs = Activity.objects.filter(workflow=number, type=CODE, retired=False).values_list("config", flat=True)
    return [config["workflow"] for config in configs if isinstance(config.get("workflow"), int)]
