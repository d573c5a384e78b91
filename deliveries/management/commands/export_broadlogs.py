"""`export_broadlogs ID [--output FILE]`: the delivery log as CSV, streamed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TextIO, cast

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from deliveries.export import export_broadlogs, export_broadlogs_as_json
from deliveries.models import Delivery


class Command(ServiceCommand):
    help = gettext_lazy("Write the delivery log of one delivery as CSV.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=int)
        parser.add_argument("--output", help=_("file to write; standard output without it"))

    def act(self, options: dict[str, Any]) -> None:
        delivery = self.get_row(Delivery, options["id"])
        if not options["output"]:
            write = export_broadlogs_as_json if self.as_json else export_broadlogs
            # Lines end as the CSV says, not as a terminal would have it.
            write(delivery, cast(TextIO, self.stdout._out))
            return
        count = self._write(delivery, Path(options["output"]))
        text = _("%(count)d lines written to %(file)s.") % {"count": count, "file": options["output"]}
        self.answer({"delivery": delivery.pk, "rows": count, "file": options["output"]}, text)

    def _write(self, delivery: Delivery, path: Path) -> int:
        try:
            with path.open("w", encoding="utf-8", newline="") as output:
                return export_broadlogs(delivery, output)
        except OSError as error:
            raise CommandError(
                _("%(file)s can't be written: %(reason)s") % {"file": path, "reason": error.strerror}
            ) from error
