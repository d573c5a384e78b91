"""`process_bounces [SOURCE …] [--seconds N] [--watch N]`."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from deliveries.inbound.processing import Drained
from deliveries.inbound.visits import sources_to_read, visit
from deliveries.models.inbound import InboundSource


class Command(ServiceCommand):
    help = gettext_lazy("Reads the mails that came back and applies them; beat asks a worker for it each minute.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", nargs="*", type=int, help=_("numbers of sources; all that are read by default"))
        parser.add_argument("--seconds", type=float, help=_("stop after so many seconds a source"))
        parser.add_argument("--watch", type=float, metavar="SECONDS", help=_("read again after so many seconds"))

    def act(self, options: dict[str, Any]) -> None:
        for number in options["source"]:
            self.get_row(InboundSource, number)
        while True:
            self._visit(options)
            if options["watch"] is None:
                return
            time.sleep(options["watch"])

    def _visit(self, options: dict[str, Any]) -> None:
        sources = sources_to_read(options["source"])
        found = visit(sources, clock=timezone.now, seconds=options["seconds"])
        labels = {source.pk: source.label for source in sources}
        document = [
            {"source": number, "outcomes": dict(drained.outcomes), "doubles": drained.doubles, "error": drained.error}
            for number, drained in found.items()
        ]
        lines = [_line(labels[number], drained) for number, drained in found.items()]
        self.answer(document, "\n".join(lines) or _("There is no source to read."))
        failed = [drained.error for drained in found.values() if drained.error]
        if failed and options["watch"] is None:
            raise CommandError("; ".join(failed))


def _line(label: str, drained: Drained) -> str:
    counts = ", ".join(f"{outcome} {number}" for outcome, number in sorted(drained.outcomes.items()))
    return _("%(source)s: %(mails)d mails (%(counts)s)") % {
        "source": label,
        "mails": drained.mails,
        "counts": counts or "-",
    }
