"""`sink`: the demo's mail server, which keeps every mail and delivers none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign_site.sink.server import run_sink
from common.commands import ServiceCommand


class Command(ServiceCommand):
    help = gettext_lazy("A local mail server that keeps every mail for the admin's sink page and delivers none.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=2525, help=_("port to listen on"))

    def act(self, options: dict[str, Any]) -> None:
        run_sink(host="127.0.0.1", port=options["port"], folder=Path(settings.VAR_DIR) / "sink")
