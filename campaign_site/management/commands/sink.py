"""`sink`: the demo's mail server, which keeps every mail and delivers none."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import gettext_lazy as _

from campaign_site.sink.server import run_sink


class Command(BaseCommand):
    help = _("A local mail server that keeps every mail for the admin's sink page and delivers none.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=2525, help=_("port to listen on"))

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        run_sink(host="127.0.0.1", port=port, folder=Path(settings.VAR_DIR) / "sink")
