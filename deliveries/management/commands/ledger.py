"""`ledger [ID …]`: recompute every account from the rows; exit 1 with the difference if one does not add up."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from deliveries.ledger import Ledger, LedgerLine, check
from deliveries.models import Delivery


class Command(ServiceCommand):
    help = gettext_lazy("Recompute the account of every delivery from its rows; exit 1 if one does not add up.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", nargs="*", type=int)

    def act(self, options: dict[str, Any]) -> None:
        numbers: list[int] = options["id"]
        for number in numbers:
            self.get_row(Delivery, number)
        ledger = check(numbers or None)
        self.answer(ledger.document(), _text(ledger))
        if not ledger.ok:
            raise CommandError(_reason(ledger))


def _text(ledger: Ledger) -> str:
    return "\n".join([_line(line) for line in ledger.lines] or [_("There is no delivery.")])


def _line(line: LedgerLine) -> str:
    parts = [f"{name} {number}" for name, number in line.statuses.items() if number]
    kept = _(" (%(number)d ignored kept as counts)") % {"number": line.kept_as_counts} if line.kept_as_counts else ""
    verdict = _("adds up") if not line.difference else _differences(line)
    return _("#%(delivery)d %(label)s: targeted %(targeted)d = %(sum)s%(kept)s: %(verdict)s") % {
        "delivery": line.delivery,
        "label": line.label,
        "targeted": line.targeted,
        "sum": " + ".join(parts) or "0",
        "kept": kept,
        "verdict": verdict,
    }


def _differences(line: LedgerLine) -> str:
    return ", ".join(f"{name} {number:+d}" for name, number in line.differences.items())


def _reason(ledger: Ledger) -> str:
    faults = [f"#{line.delivery}: {_differences(line)}" for line in ledger.lines if line.difference]
    faults += [f"{name} {number}" for name, number in ledger.orphans.items() if number]
    return _("The ledger does not add up: %(faults)s") % {"faults": "; ".join(faults)}
