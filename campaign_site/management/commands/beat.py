"""`beat`: ticks at the instants of the schedules and every few seconds for the sweeps."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from campaign_site.processes.celery_processes import run_beat
from common.commands import ServiceCommand


class Command(ServiceCommand):
    help = gettext_lazy("Ticks at the instants of the schedules, and for the sweeps.")

    def act(self, options: dict[str, Any]) -> None:
        run_beat()
