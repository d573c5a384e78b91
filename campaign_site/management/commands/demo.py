"""`demo`: fills the database and runs everything in the foreground; `--once` runs one morning end to end."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign_site.demo.filling import LOGIN, demo_password, fill
from campaign_site.demo.once import DemoFailed, Report, follow, start_another, start_morning, visit_and_check
from campaign_site.demo.story import Story, start_story
from campaign_site.processes.lock import AlreadyRunning, installation_lock, require_free_port
from campaign_site.processes.parts import Part, installation_parts
from campaign_site.processes.ports import free_port
from campaign_site.processes.supervisor import Supervisor
from campaign_site.sink.store import SinkStore
from common.commands import ServiceCommand
from deliveries.models import Delivery
from operations.models.run import FINAL_RUN_STATES

MOST_RECIPIENTS = 1_000_000


class Command(ServiceCommand):
    help = gettext_lazy("Fills a demo and runs it; --once runs one morning of the birthday series end to end.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--recipients", type=int, default=2000, help=_("how many customers (2,000)"))
        parser.add_argument("--once", action="store_true", help=_("one run, checked; exits 0 if all adds up"))

    def act(self, options: dict[str, Any]) -> None:
        recipients, once = options["recipients"], options["once"]
        if not 100 <= recipients <= MOST_RECIPIENTS:
            self.usage(_("--recipients takes a number from 100 to 1,000,000"))
        with installation_lock():
            self._choose_port(once)
            call_command("migrate", verbosity=0)
            password = demo_password()
            story = fill(recipients=recipients, now=timezone.now(), output=sys.stderr)
            if once:
                self._run_once(story)
            else:
                self._run_on(story, password)

    def _choose_port(self, once: bool) -> None:
        try:
            require_free_port(settings.PORT)
        except AlreadyRunning:
            if not once:
                raise
            # Nobody visits a headless run: any port will do. The settings are read anew with it.
            os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PORT": str(free_port())})

    def _run_on(self, story: Story, password: str) -> None:
        start_story(story, now=timezone.now())
        # Something to see at once: this morning's birthday mails leave as soon as the parts are up.
        start_morning(story, now=timezone.now())
        supervisor = self._supervisor()
        with supervisor.running():
            self.say("")
            self.say(_("Diffusion is at %(address)s/admin/") % {"address": settings.BASE_URL})
            self.say(_("Log in as %(login)s with the password %(password)s") % {"login": LOGIN, "password": password})
            self.say(_("The mails that leave are at %(address)s/admin/sink/") % {"address": settings.BASE_URL})
            self.say(_("Ctrl-C stops everything."))
            supervisor.watch()

    def _run_once(self, story: Story) -> None:
        started = timezone.now()
        supervisor = self._supervisor()
        store = SinkStore(Path(settings.VAR_DIR) / "sink")
        with supervisor.running():
            before = store.distinct_message_ids()
            run = start_morning(story, now=timezone.now())
            if run.state in FINAL_RUN_STATES:
                run = start_another(story, now=timezone.now())
            instant = run.scheduled_for.isoformat()
            self.say(_("Run %(run)s, scheduled for %(instant)s") % {"run": run.pk, "instant": instant})
            delivery = follow(run, look=supervisor.look, output=sys.stderr)
            report = visit_and_check(delivery, before=before, look=supervisor.look)
        self._show(report, started)
        if report.faults:
            raise DemoFailed("; ".join(report.faults))

    def _supervisor(self) -> Supervisor:
        port = free_port()
        sink = Part("sink", ["sink", "--port", str(port)], lambda since: _sink_ready(port))
        # The mail route of the demo: everything goes to the sink, whatever SMTP_URL says.
        environment = {"SMTP_URL": f"smtp://127.0.0.1:{port}"}
        supervisor = Supervisor([sink, *installation_parts()], say=self._say_part, environment=environment)
        supervisor.stop_on_signals()
        return supervisor

    def _say_part(self, part: str, text: str) -> None:
        self.say(f"{part:<8} {text}")

    def _show(self, report: Report, started: datetime) -> None:
        document = {
            "delivery": report.delivery.pk,
            "label": report.delivery.label,
            "counts": report.delivery.counts(),
            "in_sink": report.in_sink,
            "ledger": {"ok": report.ledger.ok, "lines": [line.document() for line in report.ledger.lines]},
            "faults": report.faults,
        }
        self.answer(document, _text(report, (timezone.now() - started).total_seconds()))


def _text(report: Report, seconds: float) -> str:
    delivery: Delivery = report.delivery
    counts = [f"  {name.replace('_', ' '):<22}{number:>9,}" for name, number in delivery.counts().items() if number]
    verdict = _("The ledger adds up.") if report.ledger.ok else _("THE LEDGER DOES NOT ADD UP.")
    duration = _("From the instant to the report: %(seconds).0f s.") % {"seconds": seconds}
    in_sink = _("mails in the sink")
    return "\n".join(
        [
            "",
            f"{delivery.label} (#{delivery.pk})",
            *counts,
            f"  {in_sink:<22}{report.in_sink:>9,}",
            "",
            f"{verdict} {duration}",
        ]
    )


def _sink_ready(port: int) -> str | None:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return f"smtp://127.0.0.1:{port}"
    return None
