from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from operations import services
from operations.models import RunLog, RunState, Workflow, WorkflowRun, WorkflowState
from operations.models.run import FINAL_RUN_STATES
from operations.occurrences import local_instant
from operations.workflow.pump import pump_once

LINES = 1000
IDLE_SECONDS = 0.2
SERVICES = {
    "start": services.start_workflow,
    "pause": services.pause_workflow,
    "resume": services.resume_workflow,
    "stop": services.stop_workflow,
}


class Command(ServiceCommand):
    help = gettext_lazy("Start, pause, resume or stop a workflow, run it once, or read its log.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=[*SERVICES, "run-now", "logs"])
        parser.add_argument("id", type=int)
        parser.add_argument("--for", dest="instant", metavar="ISO", help=_("run-now: as if it were this instant"))
        parser.add_argument("--entry", metavar="NAME", help=_("run-now: the scheduler whose branch starts"))
        parser.add_argument("--wait", action="store_true", help=_("run-now: carry the run out here, and print its log"))

    def act(self, options: dict[str, Any]) -> None:
        verb = options["verb"]
        if verb != "run-now" and (options["instant"] or options["entry"] or options["wait"]):
            self.usage(_("--for, --entry and --wait go with run-now."))
        workflow = self.get_row(Workflow, options["id"])
        if verb == "logs":
            self.show_log(workflow)
        elif verb == "run-now":
            self.run_now(workflow, options)
        else:
            SERVICES[verb](workflow=workflow, now=timezone.now())
            self.show_state(workflow)

    def show_state(self, workflow: Workflow) -> None:
        workflow.refresh_from_db()
        state = WorkflowState(workflow.state).slug
        document = {"id": workflow.pk, "label": workflow.label, "state": state, "failed": workflow.failed}
        self.answer(document, _("Workflow %(id)d: %(state)s") % {"id": workflow.pk, "state": state})

    def show_log(self, workflow: Workflow) -> None:
        rows = RunLog.objects.filter(run__workflow=workflow).select_related("task").order_by("-pk")[:LINES]
        lines = list(reversed(rows))
        self.answer([_line_document(line) for line in lines], "\n".join(_line(line) for line in lines))

    def run_now(self, workflow: Workflow, options: dict[str, Any]) -> None:
        zone = ZoneInfo(workflow.zone_name())
        run, created = services.run_now(
            workflow=workflow,
            now=timezone.now(),
            scheduled_for=local_instant(options["instant"], zone) if options["instant"] else None,
            entry=options["entry"] or "",
        )
        if options["wait"]:
            self.wait_for(run)
        run.refresh_from_db()
        self.answer(_run_document(run, created), _run_text(run, created))
        if options["wait"] and run.state != RunState.FINISHED:
            raise CommandError(_("The run did not finish: %(reason)s") % {"reason": _reason(run)})

    def wait_for(self, run: WorkflowRun) -> None:
        """Do whatever is due, as the sweeps would, until the run has ended or hangs on an error or a pause."""
        last = 0
        while True:
            done = pump_once(timezone.now())
            last = self.say_lines(run, after=last)
            run.refresh_from_db()
            if run.state in (*FINAL_RUN_STATES, RunState.FAILED, RunState.PAUSED):
                self.say_lines(run, after=last)
                return
            if not done:
                time.sleep(IDLE_SECONDS)

    def say_lines(self, run: WorkflowRun, *, after: int) -> int:
        for line in RunLog.objects.filter(run=run, pk__gt=after).select_related("task").order_by("pk"):
            self.say(_line(line))
            after = line.pk
        return after


def _line(line: RunLog) -> str:
    name = line.task.name if line.task else "-"
    return f"{_iso(line.at)} #{line.run_id} {line.level} {name}: {line.text}"


def _line_document(line: RunLog) -> dict[str, Any]:
    activity = line.task.name if line.task else None
    return {"run": line.run_id, "at": line.at, "level": line.level, "activity": activity, "message": line.text}


def _run_document(run: WorkflowRun, created: bool) -> dict[str, Any]:
    return {
        "id": run.pk,
        "workflow": run.workflow_id,
        "entry": run.entry,
        "scheduled_for": run.scheduled_for,
        "state": RunState(run.state).slug,
        "error": run.error,
        "created": created,
        "activities": [{"name": task.name, "outlets": task.outlets} for task in run.tasks.order_by("pk")],
    }


def _run_text(run: WorkflowRun, created: bool) -> str:
    sentence = (
        _("Run %(id)d for %(instant)s: %(state)s") if created else _("Run %(id)d has %(instant)s already: %(state)s")
    )
    return sentence % {"id": run.pk, "instant": _iso(run.scheduled_for), "state": RunState(run.state).slug}


def _reason(run: WorkflowRun) -> str:
    return run.error or RunState(run.state).slug


def _iso(instant: datetime) -> str:
    return timezone.localtime(instant).isoformat(timespec="seconds")
