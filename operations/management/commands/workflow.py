from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from operations import services
from operations.models import Operation, RehearsalState, RunLog, RunState, Workflow, WorkflowRun, WorkflowState
from operations.models.run import FINAL_RUN_STATES
from operations.occurrences import local_instant
from operations.rehearsal.report import rehearsal_document, table_lines
from operations.rehearsal.request import DEFAULT_WEEKS, request_rehearsal
from operations.rehearsal.work import work_on
from operations.workflow.exchange import export_document, import_workflow
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
    help = gettext_lazy(
        "Start, pause, resume or stop a workflow, run it once, rehearse it, read its log, export or import it."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=[*SERVICES, "run-now", "rehearse", "logs", "export", "import"])
        parser.add_argument(
            "id", metavar="ID|FILE", help=_("the workflow's number; import: a file, - for standard input")
        )
        parser.add_argument("--for", dest="instant", metavar="ISO", help=_("run-now: as if it were this instant"))
        parser.add_argument("--entry", metavar="NAME", help=_("run-now: the scheduler whose branch starts"))
        parser.add_argument("--weeks", type=int, metavar="N", help=_("rehearse: how many weeks from now (4)"))
        parser.add_argument("--wait", action="store_true", help=_("run-now: carry the run out here, and print its log"))
        parser.add_argument("--output", metavar="FILE", help=_("export: where to write; standard output without it"))
        parser.add_argument("--operation", type=int, metavar="ID", help=_("import: the operation of the new workflow"))

    def act(self, options: dict[str, Any]) -> None:
        verb = options["verb"]
        self.refuse_strays(verb, options)
        if verb == "import":
            self.import_file(options["id"], options["operation"])
            return
        if not options["id"].isdecimal():
            self.usage(_("%(id)s is not the number of a workflow.") % {"id": options["id"]})
        workflow = self.get_row(Workflow, int(options["id"]))
        if verb == "export":
            self.export(workflow, options["output"])
        elif verb == "logs":
            self.show_log(workflow)
        elif verb == "run-now":
            self.run_now(workflow, options)
        elif verb == "rehearse":
            self.rehearse(workflow, options["weeks"])
        else:
            SERVICES[verb](workflow=workflow, now=timezone.now())
            self.tell(workflow, verb)
            self.show_state(workflow)

    def refuse_strays(self, verb: str, options: dict[str, Any]) -> None:
        """Options that go with another verb."""
        if verb != "run-now" and (options["instant"] or options["entry"] or options["wait"]):
            self.usage(_("--for, --entry and --wait go with run-now."))
        if verb != "rehearse" and options["weeks"] is not None:
            self.usage(_("--weeks goes with rehearse."))
        if verb != "export" and options["output"]:
            self.usage(_("--output goes with export."))
        if verb != "import" and options["operation"]:
            self.usage(_("--operation goes with import."))

    def export(self, workflow: Workflow, output: str | None) -> None:
        text = export_document(workflow)
        if output is None:
            self.answer({"id": workflow.pk, "yaml": text}, text.rstrip("\n"))
            return
        Path(output).write_text(text, encoding="utf-8")
        self.answer({"id": workflow.pk, "file": output}, _("Written to %(file)s.") % {"file": output})

    def import_file(self, name: str, operation: int | None) -> None:
        try:
            text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(_("%(file)s can't be read: %(why)s") % {"file": name, "why": error}) from error
        workflow = import_workflow(text, operation=self.get_row(Operation, operation) if operation else None)
        self.tell(workflow, "import")
        self.show_state(workflow)

    def rehearse(self, workflow: Workflow, weeks: int | None) -> None:
        """In the foreground: a terminal waits for the answer, whether or not a worker is alive."""
        now = timezone.now()
        rehearsal = request_rehearsal(workflow=workflow, weeks=DEFAULT_WEEKS if weeks is None else weeks, now=now)
        self.say(_("Rehearsing: nothing is sent and nothing is changed."))
        work_on(rehearsal.pk, now=now)
        rehearsal.refresh_from_db()
        self.answer(rehearsal_document(rehearsal), "\n".join(table_lines(rehearsal)))
        if rehearsal.state == RehearsalState.FAILED:
            raise CommandError(_("The rehearsal failed: %(reason)s") % {"reason": rehearsal.error})

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
        self.tell(workflow, "run_now", run=run.pk)
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
