"""`benchmark NAME`: runs a module of `benchmarks/` on a scratch database."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from argparse import REMAINDER
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand

NOT_BENCHMARKS = {"__init__", "report", "rows", "scratch", "senders"}


class Command(ServiceCommand):
    help = gettext_lazy("Runs a benchmark on a scratch database; its last line is one JSON object.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=_names())
        parser.add_argument("rest", nargs=REMAINDER, help=_("arguments of the benchmark"))

    def act(self, options: dict[str, Any]) -> None:
        from benchmarks.scratch import scratch_database

        command = [sys.executable, "-m", f"benchmarks.{options['name']}", *options["rest"]]
        with scratch_database() as url, tempfile.TemporaryDirectory() as folder:
            environment = {
                **os.environ,
                "DATABASE_URL": url,
                "VAR_DIR": folder,
                "DJANGO_SETTINGS_MODULE": "campaign_site.settings",
            }
            code = subprocess.run(command, env=environment, cwd=settings.BASE_DIR, check=False).returncode
        if code:
            raise CommandError(_("%(name)s ended with %(code)d.") % {"name": options["name"], "code": code})


def _names() -> list[str]:
    files = (Path(settings.BASE_DIR) / "benchmarks").glob("*.py")
    return sorted(path.stem for path in files if path.stem not in NOT_BENCHMARKS)
