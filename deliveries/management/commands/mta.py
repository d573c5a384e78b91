"""`mta`: the sending processes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.commands import ServiceCommand
from common.errors import Refused
from deliveries.models import Delivery
from deliveries.mta.clock import database_now
from deliveries.mta.process import run_sender
from deliveries.mta.settling import Settlement, settle_as, settle_from_log, settle_routes
from deliveries.mta.settling.formats import log_formats
from deliveries.mta.supervisor import run_supervisor
from deliveries.settlement import DECISIONS
from installation.models import Process
from installation.processes import alive

VERBS = ("start", "stop", "restart", "status", "settle")
# What a supervisor starts; nobody types it.
INTERNAL = "sender"


class NoMta(Refused):
    """No sending process is alive under this name."""

    code = "no_mta"


class Command(ServiceCommand):
    # A sender serves no page: loading what the checks look at would cost it time and memory at each start.
    requires_system_checks = []
    help: Any = gettext_lazy(
        "start: runs sending processes in the foreground. stop: asks the live ones to end. restart: asks them to end, "
        "and their supervisor to start others in their place. status: every live process, and what is missing. "
        "settle: decides what is in doubt, from the logs of the relays unless told otherwise."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=[*VERBS, INTERNAL], metavar="{" + ",".join(VERBS) + "}")
        parser.add_argument("--name", help=_("name shown in the list of processes (default: “default”)"))
        parser.add_argument(
            "--affinity", action="append", default=[], metavar="A", help=_("serve this affinity; may be repeated")
        )
        parser.add_argument("--processes", type=int, metavar="K", help=_("how many (default: 1; on SQLite 1)"))
        settling = parser.add_argument_group(_("settle"))
        settling.add_argument("--delivery", type=int, metavar="ID", help=_("only the messages of this delivery"))
        settling.add_argument("--from-log", metavar="PATH", help=_("look them up in this log of the relay"))
        settling.add_argument("--format", choices=log_formats.codes(), help=_("format of the log (default: postfix)"))
        settling.add_argument("--as", choices=DECISIONS, help=_("decide all of them alike, without a log"))
        settling.add_argument("--dry-run", action="store_true", help=_("say what would be done, and do nothing"))

    def act(self, options: dict[str, Any]) -> None:
        self._check(options)
        getattr(self, f"_{options['verb']}")(options)

    def _check(self, options: dict[str, Any]) -> None:
        verb, processes = options["verb"], options["processes"]
        if processes is not None and (verb != "start" or processes < 1):
            self.usage(_("--processes takes a number from 1, and goes with start."))
        if options["affinity"] and verb not in {"start", INTERNAL}:
            self.usage(_("--affinity goes with start."))
        if options["name"] and verb in {"status", "settle"}:
            self.usage(_("--name does not go with %(verb)s.") % {"verb": verb})
        self._check_settling(options)

    def _check_settling(self, options: dict[str, Any]) -> None:
        given = [name for name in ("delivery", "from_log", "format", "as", "dry_run") if options[name]]
        if given and options["verb"] != "settle":
            self.usage(_("--%(name)s goes with settle.") % {"name": given[0].replace("_", "-")})
        if options["as"] and options["from_log"]:
            self.usage(_("Give either --as or --from-log."))
        if options["format"] and not options["from_log"]:
            self.usage(_("--format goes with --from-log."))

    def _start(self, options: dict[str, Any]) -> None:
        run_supervisor(
            name=options["name"] or "default",
            affinities=options["affinity"],
            processes=options["processes"] or 1,
            say=self.say,
        )

    def _sender(self, options: dict[str, Any]) -> None:
        code = run_sender(name=options["name"] or "default", affinities=options["affinity"])
        if code:
            sys.exit(code)

    def _stop(self, options: dict[str, Any]) -> None:
        self._ask(options["name"], stop_requested=True)

    def _restart(self, options: dict[str, Any]) -> None:
        self._ask(options["name"], stop_requested=True, restart_requested=True)

    def _ask(self, name: str | None, **request: bool) -> None:
        processes = alive(timezone.now(), Process.Kind.MTA)
        asked = (processes.filter(name=name) if name else processes).update(**request)
        if not asked:
            raise NoMta(_("No MTA process is alive here (./diffusion processes lists them)."))
        text = ngettext("%(count)d process was asked.", "%(count)d processes were asked.", asked)
        self.answer({"asked": asked}, text % {"count": asked})

    def _settle(self, options: dict[str, Any]) -> None:
        done = self._settlement(options)
        said = _("%(sent)d sent, %(failed)d failed, %(resent)d sent again, %(cancelled)d cancelled.") % done.document()
        left = ngettext("%(count)d stays in doubt.", "%(count)d stay in doubt.", done.undecided)
        text = f"{said} {left % {'count': done.undecided}}"
        if options["dry_run"]:
            text = _("Nothing was done. It would be: %(text)s") % {"text": text}
        self.answer({**done.document(), "dry_run": options["dry_run"]}, text)

    def _settlement(self, options: dict[str, Any]) -> Settlement:
        now, dry_run = database_now(), options["dry_run"]
        doubtful = Delivery.objects.filter(in_doubt__gt=0).values_list("pk", flat=True)
        deliveries = [self.get_row(Delivery, options["delivery"]).pk] if options["delivery"] else list(doubtful)
        if options["as"]:
            return settle_as(decision=options["as"], deliveries=deliveries, now=now, dry_run=dry_run)
        if options["from_log"]:
            path, log_format = Path(options["from_log"]), options["format"] or "postfix"
            return settle_from_log(path=path, log_format=log_format, deliveries=deliveries, now=now, dry_run=dry_run)
        return settle_routes(deliveries=deliveries, now=now, dry_run=dry_run)

    def _status(self, options: dict[str, Any]) -> None:
        call_command("processes", json=self.as_json, stdout=self.stdout)
