"""`mta`: the sending processes."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.commands import ServiceCommand
from common.errors import Refused
from deliveries.mta.process import run_sender
from deliveries.mta.supervisor import run_supervisor
from installation.models import Process
from installation.processes import alive

VERBS = ("start", "stop", "restart", "status")
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
        "and their supervisor to start others in their place. status: every live process, and what is missing."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=[*VERBS, INTERNAL], metavar="{" + ",".join(VERBS) + "}")
        parser.add_argument("--name", help=_("name shown in the list of processes (default: “default”)"))
        parser.add_argument(
            "--affinity", action="append", default=[], metavar="A", help=_("serve this affinity; may be repeated")
        )
        parser.add_argument("--processes", type=int, metavar="K", help=_("how many (default: 1; on SQLite 1)"))

    def act(self, options: dict[str, Any]) -> None:
        self._check(options)
        getattr(self, f"_{options['verb']}")(options)

    def _check(self, options: dict[str, Any]) -> None:
        verb, processes = options["verb"], options["processes"]
        if processes is not None and (verb != "start" or processes < 1):
            self.usage(_("--processes takes a number from 1, and goes with start."))
        if options["affinity"] and verb not in {"start", INTERNAL}:
            self.usage(_("--affinity goes with start."))
        if options["name"] and verb == "status":
            self.usage(_("--name does not go with status."))

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

    def _status(self, options: dict[str, Any]) -> None:
        call_command("processes", json=self.as_json, stdout=self.stdout)
