"""A sender address at a public mail provider: its DMARC policy makes receivers refuse mails that others send."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deliveries.channels.email.alignment import organisational_domain, sender_domain
from deliveries.models import Delivery, Preparation
from deliveries.typology.base import ControlRule
from deliveries.typology.registry import register_control

FREEMAIL = frozenset(
    [
        "126.com",
        "163.com",
        "aim.com",
        "aliceadsl.fr",
        "aol.com",
        "aol.fr",
        "arcor.de",
        "att.net",
        "bbox.fr",
        "bk.ru",
        "bluemail.ch",
        "bluewin.ch",
        "bol.com.br",
        "btinternet.com",
        "cegetel.net",
        "club-internet.fr",
        "comcast.net",
        "cox.net",
        "daum.net",
        "earthlink.net",
        "fastmail.com",
        "free.fr",
        "freenet.de",
        "gmail.com",
        "gmx.at",
        "gmx.ch",
        "gmx.com",
        "gmx.de",
        "gmx.fr",
        "gmx.net",
        "googlemail.com",
        "hanmail.net",
        "hey.com",
        "hotmail.be",
        "hotmail.ca",
        "hotmail.co.uk",
        "hotmail.com",
        "hotmail.de",
        "hotmail.es",
        "hotmail.fr",
        "hotmail.it",
        "icloud.com",
        "inbox.ru",
        "interia.pl",
        "laposte.net",
        "libero.it",
        "list.ru",
        "live.be",
        "live.ca",
        "live.co.uk",
        "live.com",
        "live.fr",
        "live.it",
        "live.nl",
        "mac.com",
        "mail.com",
        "mail.ru",
        "mailbox.org",
        "me.com",
        "msn.com",
        "msn.fr",
        "naver.com",
        "neuf.fr",
        "numericable.fr",
        "o2.pl",
        "orange.be",
        "orange.fr",
        "outlook.be",
        "outlook.com",
        "outlook.de",
        "outlook.es",
        "outlook.fr",
        "outlook.it",
        "pm.me",
        "posteo.de",
        "proton.me",
        "protonmail.com",
        "qq.com",
        "rambler.ru",
        "rediffmail.com",
        "rocketmail.com",
        "sbcglobal.net",
        "seznam.cz",
        "sfr.fr",
        "sina.com",
        "sky.com",
        "skynet.be",
        "t-online.de",
        "talktalk.net",
        "tuta.com",
        "tutanota.com",
        "uol.com.br",
        "verizon.net",
        "virgilio.it",
        "virginmedia.com",
        "voila.fr",
        "wanadoo.fr",
        "web.de",
        "wp.pl",
        "yahoo.be",
        "yahoo.ca",
        "yahoo.co.in",
        "yahoo.co.jp",
        "yahoo.co.uk",
        "yahoo.com",
        "yahoo.com.ar",
        "yahoo.com.au",
        "yahoo.com.br",
        "yahoo.com.mx",
        "yahoo.de",
        "yahoo.es",
        "yahoo.fr",
        "yahoo.in",
        "yahoo.it",
        "yahoo.nl",
        "yahoo.se",
        "yandex.com",
        "yandex.ru",
        "yeah.net",
        "ymail.com",
        "ziggo.nl",
        "zoho.com",
        "zohomail.com",
    ]
)


@register_control
class FreemailSender(ControlRule):
    code = "freemail_sender"
    label = gettext_lazy("Sender at a public mail provider")

    def faults(self, delivery: Delivery, preparation: Preparation) -> Iterator[str]:
        domain = sender_domain(delivery.from_email)
        if organisational_domain(domain) in FREEMAIL:
            yield _(
                "The sender address is at %(domain)s: receivers refuse what others send in its name. "
                "Choose an address at a domain of your own."
            ) % {"domain": domain}
