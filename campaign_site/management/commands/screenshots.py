"""`screenshots`: fills a scratch demo, opens its main pages in a browser and keeps their pictures."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign_site.demo.filling import LOGIN, demo_password
from campaign_site.pictures.camera import find_browser, take
from campaign_site.pictures.pages import PICTURES
from campaign_site.pictures.scene import opened, set_scene
from campaign_site.processes.ports import free_port
from common.commands import ServiceCommand

FOLDER = Path(settings.BASE_DIR) / "docs" / "screenshots"
# Settings of the caller that must not reach the scratch installation.
OWN = ("DATABASE_URL", "BROKER_URL", "SMTP_URL", "BASE_URL", "TRACKING_BASE_URL")


class Command(ServiceCommand):
    help = gettext_lazy("Takes the pictures of the documentation, of a scratch demo in a real browser.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=FOLDER, help=_("where the pictures go (docs/screenshots)"))
        parser.add_argument("--recipients", type=int, default=2000, help=_("how many customers (2,000)"))
        parser.add_argument("--only", action="append", help=_("a picture by its name; may be repeated"))
        parser.add_argument("--here", action="store_true", help=_("of the installation of this VAR_DIR, a filled demo"))

    def act(self, options: dict[str, Any]) -> None:
        find_browser()
        if options["here"]:
            self._take(options["folder"].resolve(), options["only"] or [])
            return
        with tempfile.TemporaryDirectory(prefix="diffusion-pictures-") as folder:
            environment = {name: value for name, value in os.environ.items() if name not in OWN}
            environment |= {"VAR_DIR": folder, "PORT": str(free_port())}
            self._run(environment, "demo", "--once", "--recipients", str(options["recipients"]))
            only = [word for name in options["only"] or [] for word in ("--only", name)]
            self._run(environment, "screenshots", "--here", "--folder", str(options["folder"].resolve()), *only)

    def _run(self, environment: dict[str, str], *arguments: str) -> None:
        command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), *arguments]
        code = subprocess.run(command, env=environment, check=False).returncode
        if code:
            raise CommandError(_("%(name)s ended with %(code)d.") % {"name": arguments[0], "code": code})

    def _take(self, folder: Path, only: list[str]) -> None:
        login = (LOGIN, demo_password())
        paths = set_scene(now=timezone.now())
        chosen = [picture for picture in PICTURES if not only or picture.name in only]
        with opened():
            take(chosen, address=settings.BASE_URL, paths=paths, login=login, folder=folder, say=self.say)
