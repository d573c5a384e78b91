"""`worker`: runs workflows, preparation, sweeps and imports."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign_site.processes.celery_processes import run_worker
from common.commands import ServiceCommand


class Command(ServiceCommand):
    help = gettext_lazy("Runs workflows, preparation, sweeps and imports.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=4, help=_("tasks at the same time"))

    def act(self, options: dict[str, Any]) -> None:
        run_worker(concurrency=options["concurrency"])
