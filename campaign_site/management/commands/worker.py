"""`worker`: runs workflows, preparation, sweeps and imports."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext_lazy as _

from campaign_site.processes.celery_processes import run_worker


class Command(BaseCommand):
    help = _("Runs workflows, preparation, sweeps and imports.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=4, help=_("tasks at the same time"))

    def handle(self, *args: Any, concurrency: int, **options: Any) -> None:
        run_worker(concurrency=concurrency)
