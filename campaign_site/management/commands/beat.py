"""`beat`: ticks at the instants of the schedules and every few seconds for the sweeps."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext_lazy as _

from campaign_site.processes.celery_processes import run_beat


class Command(BaseCommand):
    help = _("Ticks at the instants of the schedules, and for the sweeps.")

    def handle(self, *args: Any, **options: Any) -> None:
        run_beat()
