"""`web`: the admin, the API and the public pages."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext_lazy as _

from campaign_site.processes.web import Web


class Command(BaseCommand):
    help = _("Serves the admin, the API and the public pages.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help=_("address to listen on"))
        parser.add_argument("--workers", type=int, default=1, help=_("processes"))
        parser.add_argument("--threads", type=int, default=8, help=_("threads per process"))

    def handle(self, *args: Any, host: str, workers: int, threads: int, **options: Any) -> None:
        Web(host=host, workers=workers, threads=threads).run()
