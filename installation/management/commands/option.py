from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext_lazy as _

from common.commands import ServiceCommand
from installation import options


class Command(ServiceCommand):
    help = _("Read or change a live option.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["get", "set"])
        parser.add_argument("name")
        parser.add_argument("value", nargs="?")

    def act(self, arguments: dict[str, Any]) -> None:
        name, value = arguments["name"], arguments["value"]
        if (arguments["verb"] == "set") != (value is not None):
            self.usage("option get NAME | option set NAME VALUE")
        try:
            answer = options.get_option(name) if value is None else options.set_option(name, value)
        except options.InvalidOption as error:
            raise CommandError(str(error)) from error
        self.answer({"name": name, "value": answer}, str(answer))
