"""The groups and limits that an installation begins with. From then on people edit them: nothing here overwrites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from deliveries.models import ReceiverGroup, SendingLimit

# Rates stay empty: providers publish none that holds for everybody, and the rate adapts to what each one says.
OTHERS_CONNECTIONS, OTHERS_MESSAGES = 4, 50
POSITION_STEP = 10


@dataclass(frozen=True, slots=True)
class Provider:
    """`domains` and `mail_servers` are patterns separated by spaces; `messages` per connection."""

    name: str
    label: str
    domains: str
    mail_servers: str
    connections: int
    messages: int


PROVIDERS = (
    Provider(
        "google", "Google (Gmail, Workspace)", "gmail.com googlemail.com", "*.google.com *.googlemail.com", 10, 50
    ),
    Provider(
        "microsoft-consumer",
        "Microsoft (Outlook.com, Hotmail)",
        "outlook.* hotmail.* live.com live.fr live.be live.nl live.de live.it live.co.uk live.ca live.com.mx live.se "
        "live.dk live.no live.ie live.at live.com.au live.cn live.jp msn.com passport.com windowslive.com",
        "*.olc.protection.outlook.com",
        5,
        100,
    ),
    Provider("microsoft-365", "Microsoft 365", "", "*.mail.protection.outlook.com *.mx.microsoft", 10, 100),
    # Before Yahoo, whose name it bears.
    Provider("yahoo-japan", "Yahoo! Japan", "yahoo.co.jp ybb.ne.jp", "*.yahoo.co.jp", 3, 20),
    Provider(
        "yahoo",
        "Yahoo, AOL",
        "yahoo.* ymail.com rocketmail.com myyahoo.com aol.* aim.com verizon.net netscape.net",
        "*.yahoodns.net",
        5,
        20,
    ),
    Provider("apple", "Apple (iCloud)", "icloud.com me.com mac.com", "*.mail.icloud.com *.icloud.com", 5, 50),
    Provider("orange", "Orange, Wanadoo", "orange.fr wanadoo.fr", "*.orange.fr *.wanadoo.fr", 2, 50),
    Provider(
        "free",
        "Free, Alice",
        "free.fr freesbee.fr libertysurf.fr aliceadsl.fr alicepro.fr infonie.fr worldonline.fr online.fr",
        "*.free.fr",
        2,
        50,
    ),
    Provider(
        "sfr",
        "SFR, Neuf, Numericable",
        "sfr.fr neuf.fr 9online.fr 9business.fr cegetel.net club-internet.fr numericable.fr numericable.com noos.fr "
        "modulonet.fr evc.net",
        "*.sfr.fr *.neuf.fr *.numericable.fr *.noos.fr",
        3,
        50,
    ),
    Provider("laposte", "La Poste", "laposte.net", "*.laposte.net", 2, 50),
    Provider("bouygues", "Bouygues Telecom", "bbox.fr bouyguestelecom.fr", "*.bbox.fr *.bouyguestelecom.fr", 3, 50),
    Provider("ovh", "OVHcloud", "", "*.mail.ovh.net *.ovh.net", 5, 50),
    Provider("infomaniak", "Infomaniak", "ik.me etik.com", "*.infomaniak.ch *.infomaniak.com", 3, 50),
    Provider(
        "gmx", "GMX, WEB.DE, mail.com", "gmx.* web.de mail.com email.com", "*.gmx.net *.web.de *.mail.com", 4, 100
    ),
    Provider("ionos", "IONOS", "", "*.kundenserver.de *.ionos.com *.ionos.fr *.ionos.es *.1and1.com", 4, 50),
    Provider("t-online", "Telekom (T-Online)", "t-online.de magenta.de", "*.t-online.de", 4, 50),
    Provider("freenet", "freenet", "freenet.de", "*.freenet.de", 3, 50),
    Provider("bluewin", "Swisscom (Bluewin)", "bluewin.ch bluemail.ch", "*.bluewin.ch *.swisscom.com", 3, 50),
    Provider(
        "proximus", "Proximus (Skynet)", "skynet.be proximus.be belgacom.net", "*.proximus.be *.belgacom.be", 3, 50
    ),
    Provider("telenet", "Telenet", "telenet.be pandora.be", "*.telenet.be *.telenet-ops.be", 3, 50),
    Provider(
        "libero", "Libero, Virgilio", "libero.it virgilio.it iol.it inwind.it blu.it", "*.libero.it *.iol.it", 3, 50
    ),
    Provider("tim", "TIM (Alice)", "tim.it alice.it tin.it", "*.tim.it *.alice.it *.telecomitalia.it", 3, 50),
    Provider("comcast", "Comcast (Xfinity)", "comcast.net xfinity.com", "*.comcast.net", 3, 50),
    Provider(
        "att",
        "AT&T",
        "att.net sbcglobal.net bellsouth.net ameritech.net pacbell.net swbell.net prodigy.net",
        "*.prodigy.net *.att.net",
        3,
        20,
    ),
    Provider("mail-ru", "Mail.ru", "mail.ru bk.ru inbox.ru list.ru internet.ru", "*.mail.ru", 5, 50),
    Provider("yandex", "Yandex", "yandex.* ya.ru", "*.yandex.ru *.yandex.net", 5, 50),
    Provider("proton", "Proton", "proton.me protonmail.com protonmail.ch pm.me", "*.protonmail.ch", 5, 50),
    Provider("zoho", "Zoho", "zoho.* zohomail.*", "*.zoho.com *.zoho.eu *.zoho.in", 3, 50),
    Provider("fastmail", "Fastmail", "fastmail.com fastmail.fm", "*.messagingengine.com", 4, 50),
    Provider("seznam", "Seznam", "seznam.cz email.cz post.cz", "*.seznam.cz", 3, 50),
    Provider("wp", "Wirtualna Polska, o2", "wp.pl o2.pl tlen.pl", "*.wp.pl *.o2.pl", 3, 50),
)


def fill_providers(**_signal: Any) -> None:
    """After a migration: the known providers, where nobody has written any rule yet."""
    if ReceiverGroup.objects.exists() or SendingLimit.objects.exists():
        return
    with transaction.atomic():
        groups = ReceiverGroup.objects.bulk_create(
            ReceiverGroup(
                label=provider.label,
                internal_name=provider.name,
                position=number * POSITION_STEP,
                domains=_lines(provider.domains),
                mail_servers=_lines(provider.mail_servers),
            )
            for number, provider in enumerate(PROVIDERS, start=1)
        )
        limits = [
            SendingLimit(group=group, connections=provider.connections, messages_per_connection=provider.messages)
            for group, provider in zip(groups, PROVIDERS, strict=True)
        ]
        others = SendingLimit(connections=OTHERS_CONNECTIONS, messages_per_connection=OTHERS_MESSAGES)
        SendingLimit.objects.bulk_create([*limits, others])


def _lines(patterns: str) -> str:
    return "\n".join(patterns.split())
