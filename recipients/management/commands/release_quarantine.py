"""`release_quarantine ADDRESS… [--channel email]`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from recipients.quarantine import release
from recipients.vocabulary import Channel


class Command(ServiceCommand):
    help = gettext_lazy("Makes quarantined addresses valid again.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("addresses", nargs="+", metavar="ADDRESS")
        parser.add_argument("--channel", choices=Channel.values, default=Channel.EMAIL.value)

    def act(self, options: dict[str, Any]) -> None:
        released = release(channel=options["channel"], addresses=options["addresses"], now=timezone.now())
        if not released:
            raise CommandError(
                _("None of these addresses is in quarantine on the channel %(name)s.") % {"name": options["channel"]}
            )
        self.answer({"released": released}, _("%(count)d addresses released.") % {"count": released})
