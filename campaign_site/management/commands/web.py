"""`web`: the admin, the API and the public pages."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign_site.processes.web import Web
from common.commands import ServiceCommand


class Command(ServiceCommand):
    help = gettext_lazy("Serves the admin, the API and the public pages.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help=_("address to listen on"))
        parser.add_argument("--workers", type=int, default=1, help=_("processes"))
        parser.add_argument("--threads", type=int, default=8, help=_("threads per process"))

    def act(self, options: dict[str, Any]) -> None:
        Web(host=options["host"], workers=options["workers"], threads=options["threads"]).run()
