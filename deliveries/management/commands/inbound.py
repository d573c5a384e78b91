"""`inbound listen SOURCE [--host H] [--port N]`, `inbound check SOURCE`, `inbound list`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from deliveries.inbound.listener import listen
from deliveries.inbound.visits import check_source
from deliveries.models.inbound import InboundSource


class Command(ServiceCommand):
    help = gettext_lazy("Listens for inbound mails, or checks where they are read.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["list", "check", "listen"])
        parser.add_argument("source", nargs="?", type=int)
        parser.add_argument("--host", default="")
        parser.add_argument("--port", type=int, default=0)

    def act(self, options: dict[str, Any]) -> None:
        if options["verb"] == "list":
            return self._list()
        if options["source"] is None:
            self.usage(_("name the source by its number"))
        source = self.get_row(InboundSource, options["source"])
        if options["verb"] == "check":
            check_source(source)
            return self.answer({"source": source.pk, "ok": True}, _("“%(source)s” answers.") % {"source": source})
        try:
            listen(source, host=options["host"], port=options["port"])
        except OSError as error:
            raise CommandError(str(error)) from error

    def _list(self) -> None:
        rows = list(InboundSource.objects.order_by("pk"))
        document = [
            {"id": row.pk, "label": row.label, "kind": row.kind, "enabled": row.enabled, "error": row.last_error}
            for row in rows
        ]
        lines = [f"#{row.pk} {row.label} ({row.get_kind_display()}) {row.last_error}".rstrip() for row in rows]
        self.answer(document, "\n".join(lines) or _("There is no source."))
