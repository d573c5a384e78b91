"""`erase_recipient ID|EMAIL`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from recipients.erasure.erase import erase_recipient
from recipients.erasure.person import find_person


class Command(ServiceCommand):
    help = gettext_lazy("Erases a person for good, wherever something is kept of them.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", metavar="ID|EMAIL")

    def act(self, options: dict[str, Any]) -> None:
        recipient = find_person(options["person"])
        rows = erase_recipient(recipient, now=timezone.now())
        self.tell(recipient, "erase")
        text = _("Recipient %(number)d is erased, in %(rows)d rows and files.")
        self.answer(
            {"recipient": recipient.pk, "rows": rows}, text % {"number": recipient.pk, "rows": sum(rows.values())}
        )
