"""What every management command shares: `--json`, one answer on stdout, a one-line reason and exit 1 when refused."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from common.audit import COMMAND, Deed, record
from common.errors import Refused

M = TypeVar("M", bound=models.Model)


class ServiceCommand(BaseCommand):
    """Parses, calls one service in `act`, gives one `answer`. Exit codes: 0 done, 1 refused or failed, 2 usage.

    Subclasses write `arguments(parser)` and `act(options)`; what they raise as Refused, ValidationError or DoesNotExist
    becomes the reason on stderr. A command with verbs takes the verb as its first argument (`choices`), so that options
    may stand anywhere; `usage` refuses an option that does not go with the verb.
    """

    requires_migrations_checks = False
    # Translated when the parser is made.
    help: Any = ""
    as_json = False
    parser: CommandParser

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        self.help = str(self.help)
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        self.parser = parser
        self.arguments(parser)
        parser.add_argument("--json", action="store_true", help=_("answer with one JSON document"))

    def arguments(self, parser: CommandParser) -> None:
        """Declare the command's own arguments."""

    def act(self, options: dict[str, Any]) -> None:
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        self.as_json = bool(options.get("json"))
        try:
            self.act(options)
        except Refused as error:
            raise CommandError(_one_line(str(error))) from error
        except ValidationError as error:
            raise CommandError(_one_line(" ".join(error.messages))) from error
        except ObjectDoesNotExist as error:
            raise CommandError(_one_line(str(error))) from error

    def answer(self, document: Any, text: str) -> None:
        """The command's result: the document with `--json`, else the text."""
        if self.as_json:
            self.stdout.write(json.dumps(document, cls=DjangoJSONEncoder, ensure_ascii=False))
        elif text:
            self.stdout.write(text)

    def say(self, text: str) -> None:
        """A line of progress; nothing with `--json`, whose only output is the document."""
        if not self.as_json:
            self.stdout.write(text)
            self.stdout.flush()

    def tell(self, row: models.Model, action: str, **detail: Any) -> None:
        """Write in the audit trail that this command did `action` to the row."""
        record(Deed(row, action, COMMAND, None, timezone.now(), detail=detail))

    def usage(self, message: str) -> NoReturn:
        """Refuse what was typed: exit 2, with the usage."""
        self.parser.error(message)
        raise AssertionError  # error() never returns; its type does not say so.

    def get_row(self, model: type[M], pk: int) -> M:
        """The row with this number, or a one-line reason that names what is missing."""
        row = model._default_manager.filter(pk=pk).first()
        if row is None:
            raise CommandError(_("There is no %(name)s %(pk)s.") % {"name": model._meta.verbose_name, "pk": pk})
        return row


def _one_line(text: str) -> str:
    return " ".join(text.split())
