"""`release_quarantine ADDRESS… [--channel email]`, or after an outage
`release_quarantine --since T --until T [--domain D] [--text WORDS] [--dry-run]`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from deliveries.inbound.undo import Found, Outage, preview, undo_outage
from recipients.quarantine import release
from recipients.vocabulary import Channel

_OF_AN_OUTAGE = ("since", "until", "domain", "text", "dry_run")


class Command(ServiceCommand):
    help = gettext_lazy("Makes quarantined addresses valid again, or takes back what a provider's outage did to them.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("addresses", nargs="*", metavar="ADDRESS")
        parser.add_argument("--channel", choices=Channel.values, default=Channel.EMAIL.value)
        parser.add_argument("--since", type=_moment, metavar="TIME", help=_("when the outage began"))
        parser.add_argument("--until", type=_moment, metavar="TIME", help=_("when it ended; now by default"))
        parser.add_argument("--domain", default="", help=_("the domain that refused"))
        parser.add_argument("--text", default="", help=_("words of its answer"))
        parser.add_argument("--dry-run", action="store_true", help=_("only tell what would be taken back"))

    def act(self, options: dict[str, Any]) -> None:
        is_outage = any(options[name] for name in _OF_AN_OUTAGE)
        if is_outage == bool(options["addresses"]):
            self.usage(_("name addresses, or an outage by --since with --domain or --text"))
        if is_outage:
            self._undo(options)
        else:
            self._release(options)

    def _release(self, options: dict[str, Any]) -> None:
        released = release(channel=options["channel"], addresses=options["addresses"], now=timezone.now())
        if not released:
            raise CommandError(
                _("None of these addresses is in quarantine on the channel %(name)s.") % {"name": options["channel"]}
            )
        self.answer({"released": released}, _("%(count)d addresses released.") % {"count": released})

    def _undo(self, options: dict[str, Any]) -> None:
        if options["since"] is None:
            self.usage(_("--since says when the outage began"))
        now = timezone.now()
        outage = Outage(options["since"], options["until"] or now, options["domain"], options["text"])
        found = preview(outage) if options["dry_run"] else undo_outage(outage, now=now)
        document = {"addresses": found.addresses, "mails": found.mails, "dry_run": options["dry_run"]}
        self.answer(document, _sentence(found, options["dry_run"]))


def _sentence(found: Found, is_trial: bool) -> str:
    sentence = (
        _("%(addresses)d addresses and %(mails)d mails would be taken back.")
        if is_trial
        else _("%(addresses)d addresses have the state they had before; %(mails)d mails are undone.")
    )
    lines = [f"{number} × {text}" for text, number in found.answers]
    return "\n".join([sentence % {"addresses": found.addresses, "mails": found.mails}, *lines])


def _moment(text: str) -> datetime:
    """An ISO date and time; without an offset it is local."""
    found = parse_datetime(text)
    if found is None:
        raise ValueError(text)
    return timezone.make_aware(found) if timezone.is_naive(found) else found
