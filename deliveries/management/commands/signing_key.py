"""`signing_key create|list|activate|deactivate [DOMAIN]`: the DKIM keys, without a browser."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.commands import ServiceCommand
from deliveries.models import SigningKey
from deliveries.signing_keys import activate, clean_domain, create_key, deactivate, record_name, record_value, zone_line

ALGORITHMS = {"rsa": SigningKey.Algorithm.RSA, "ed25519": SigningKey.Algorithm.ED25519}


class Command(ServiceCommand):
    help = gettext_lazy("Makes, lists and activates DKIM keys; the private key is never shown.")

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["create", "list", "activate", "deactivate"])
        parser.add_argument("domain", nargs="?", default="")
        parser.add_argument("--selector", default="")
        parser.add_argument("--algorithm", choices=sorted(ALGORITHMS), default="rsa")

    def act(self, options: dict[str, Any]) -> None:
        if options["verb"] == "list":
            self._answer_list(options["domain"])
            return
        if not options["domain"]:
            self.usage(_("Name the domain."))
        if options["verb"] == "create":
            key = create_key(
                domain=options["domain"],
                selector=options["selector"],
                algorithm=ALGORITHMS[options["algorithm"]],
                now=timezone.now(),
            )
            self.tell(key, "create")
            self.answer(_document(key), zone_line(key))
            return
        key = self._key(options["domain"], options["selector"])
        (activate if options["verb"] == "activate" else deactivate)(key)
        self.tell(key, options["verb"])
        key.refresh_from_db()
        self.answer(_document(key), _line(key))

    def _answer_list(self, domain: str) -> None:
        keys = SigningKey.objects.order_by("domain", "pk")
        found = list(keys.filter(domain=clean_domain(domain)) if domain else keys)
        text = "\n".join(_line(key) for key in found) or _("There is no DKIM key.")
        self.answer([_document(key) for key in found], text)

    def _key(self, domain: str, selector: str) -> SigningKey:
        """The one named by its selector, else the domain's only one."""
        keys = SigningKey.objects.filter(domain=clean_domain(domain))
        found = list(keys.filter(selector=selector) if selector else keys)
        if len(found) != 1:
            choices = ", ".join(keys.order_by("selector").values_list("selector", flat=True)) or "–"
            raise CommandError(
                _("Name one key of %(domain)s by --selector: %(selectors)s.") % {"domain": domain, "selectors": choices}
            )
        return found[0]


def _line(key: SigningKey) -> str:
    state = _("signs") if key.active else _("does not sign")
    return f"{record_name(key)}  {key.get_algorithm_display()}  {state}"


def _document(key: SigningKey) -> dict[str, Any]:
    return {
        "id": key.pk,
        "domain": key.domain,
        "selector": key.selector,
        "algorithm": key.algorithm,
        "active": key.active,
        "dns_name": record_name(key),
        "dns_value": record_value(key),
    }
