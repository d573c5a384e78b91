"""`run`: the whole installation on one machine."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign_site.processes.lock import installation_lock, require_free_port
from campaign_site.processes.parts import installation_parts
from campaign_site.processes.supervisor import Supervisor
from common.commands import ServiceCommand


class Command(ServiceCommand):
    help = gettext_lazy("Runs web, worker, beat and MTA in the foreground; Ctrl-C stops all.")

    def act(self, options: dict[str, Any]) -> None:
        with installation_lock():
            require_free_port(settings.PORT)
            call_command("migrate", verbosity=0)
            supervisor = Supervisor(installation_parts(), say=self._say_part)
            supervisor.stop_on_signals()
            with supervisor.running():
                self.say(_("Diffusion runs at %(address)s. Ctrl-C stops it.") % {"address": settings.BASE_URL})
                supervisor.watch()

    def _say_part(self, part: str, text: str) -> None:
        self.say(f"{part:<8} {text}")
