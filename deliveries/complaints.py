"""How many recipients complain: an alarm at one of a thousand, a pause at three, of a delivery or at one provider.

Above these shares the large providers slow down, then refuse, everything of a sender.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common.sentences import Sentence
from deliveries.control import UnableToPause, pause
from deliveries.models import (
    Broadlog,
    Delivery,
    DeliveryState,
    MessageStatus,
    Preparation,
    PreparationLog,
    ReceiverGroup,
)
from deliveries.models.inbound import InboundMail, MailKind
from deliveries.mta.throttling.rules import patterns_of
from deliveries.preparation.journal import write
from operations.notifications import notify
from operations.workflow.pump import slow_pickers

logger = logging.getLogger("diffusion.complaints")
# One complaint of so many messages raises the alarm; three of so many pause.
ALARM, PAUSE, OF = 1, 3, 1000
# Of fewer messages a share says nothing.
LEAST_SENT = 1000
# A delivery is looked at when complaints came of late: longer than any sweep is late.
OF_LATE = timedelta(minutes=10)

EVERYWHERE = Sentence(gettext_noop("all receivers"))
ALARMED = gettext_noop(
    "%(complaints)d of %(sent)d recipients at %(receiver)s have complained: from 0.1 %% on receivers slow a sender "
    "down, from 0.3 %% on the delivery is paused."
)
PAUSED = gettext_noop(
    "Paused, because %(complaints)d of %(sent)d recipients at %(receiver)s have complained (0.3 %% or more). Look at "
    "whom it is sent to and what it says before it is resumed."
)
TOO_LATE = gettext_noop(
    "%(complaints)d of %(sent)d recipients at %(receiver)s have complained (0.3 %% or more), and there is nothing left "
    "to pause. Look at whom the next one is sent to."
)


@dataclass(frozen=True)
class Share:
    """`code`: "" for all receivers, else the internal name of a group or a domain."""

    code: str
    receiver: str | Sentence
    complaints: int
    sent: int

    def reaches(self, number: int) -> bool:
        return self.sent >= LEAST_SENT and self.complaints * OF >= number * self.sent


@slow_pickers.register("complaints")
def look_at_complaints(now: datetime) -> int:
    """Tell of the deliveries that too many complained about, and pause them; each thing once. How many were told."""
    late = _applied(InboundMail.objects.filter(received_at__gt=now - OF_LATE))
    numbers = {number for number in late.values_list("delivery_id", flat=True) if number is not None}
    return sum([_look_at(delivery, now) for delivery in Delivery.objects.filter(pk__in=numbers).order_by("pk")])


def shares_of(delivery: Delivery) -> Iterator[Share]:
    """Of the delivery as a whole, then of each provider whose recipients complained."""
    started_at = delivery.started_at or delivery.created_at
    mails = _applied(InboundMail.objects.filter(delivery_id=delivery.pk, received_at__gte=started_at))
    by_domain = mails.order_by().values_list("domain").annotate(people=Count("broadlog_id", distinct=True))
    groups = list(ReceiverGroup.objects.order_by("position", "pk"))
    complaints: Counter[tuple[str, str, str]] = Counter()
    for domain, people in by_domain:
        complaints[_provider(domain, groups)] += people
    yield Share("", EVERYWHERE, complaints.total(), delivery.sent)
    for (code, label, pattern), number in sorted(complaints.items()):
        yield Share(code, label, number, _sent_to(delivery, pattern, enough=number * OF + 1))


def pauses_told(deliveries: Iterable[Delivery]) -> dict[int, PreparationLog]:
    """Of those that were paused here, the last line that says why, by delivery."""
    lines = PreparationLog.objects.filter(preparation__delivery__in=deliveries, sentence__msgid=PAUSED)
    return {line.preparation.delivery_id: line for line in lines.select_related("preparation").order_by("pk")}


def _applied(mails: QuerySet[InboundMail]) -> QuerySet[InboundMail]:
    return mails.filter(kind=MailKind.COMPLAINT, outcome=InboundMail.Outcome.APPLIED)


def _provider(domain: str, groups: Iterable[ReceiverGroup]) -> tuple[str, str, str]:
    """Name, label and pattern of the addresses: those of the first group that names the domain, else its own."""
    for group in groups:
        pattern = _addresses(patterns_of(group.domains))
        if re.search(pattern, f"@{domain}"):
            return group.internal_name, group.label, pattern
    return domain, domain, _addresses([domain])


def _addresses(domains: Iterable[str]) -> str:
    """A regular expression for Python and the databases; in `domains`, * and ? stand for letters."""
    written = [re.escape(domain).replace(r"\*", "[^@]*").replace(r"\?", "[^@]") for domain in domains]
    return f"@({'|'.join(written)})$" if written else "^$"


def _sent_to(delivery: Delivery, pattern: str, *, enough: int) -> int:
    """How many messages left for these addresses; beyond `enough` the share is too small to matter."""
    rows = Broadlog.objects.filter(delivery=delivery, status=MessageStatus.SENT, address__iregex=pattern)
    return rows[:enough].count()


def _look_at(delivery: Delivery, now: datetime) -> int:
    preparation = delivery.preparations.order_by("-number").first()
    if preparation is None:
        return 0
    told = 0
    for share in shares_of(delivery):
        if share.reaches(PAUSE) and not _was_told(preparation, share, PAUSED, TOO_LATE):
            told += _tell(preparation, share, PAUSED if _paused(delivery, now) else TOO_LATE, now)
        elif share.reaches(ALARM) and not _was_told(preparation, share, ALARMED, PAUSED, TOO_LATE):
            told += _tell(preparation, share, ALARMED, now)
    return told


def _paused(delivery: Delivery, now: datetime) -> bool:
    """Whether it is paused now; it was already where two providers complain at once."""
    try:
        pause(delivery, now=now)
    except UnableToPause:
        return delivery.state in (DeliveryState.PAUSING, DeliveryState.PAUSED)
    return True


def _was_told(preparation: Preparation, share: Share, *sentences: str) -> bool:
    lines = preparation.log.filter(sentence__msgid__in=sentences)
    return any(line.sentence["parameters"].get("code") == share.code for line in lines if line.sentence)


@transaction.atomic
def _tell(preparation: Preparation, share: Share, message: str, now: datetime) -> int:
    sentence = Sentence(
        message,
        {"complaints": share.complaints, "sent": share.sent, "receiver": share.receiver, "code": share.code},
    )
    level = PreparationLog.Level.WARNING if message == ALARMED else PreparationLog.Level.ERROR
    write(preparation, sentence, now=now, level=level)
    delivery = preparation.delivery
    logger.warning("delivery %d: %s", delivery.pk, sentence)
    page = settings.BASE_URL + reverse("admin:deliveries_delivery_change", args=[delivery.pk])
    who = User.objects.with_perm("deliveries.start_delivery", backend=settings.AUTHENTICATION_BACKENDS[0])
    subject = _("Complaints about “%(delivery)s”") % {"delivery": delivery.label}
    notify(who, subject=subject, body=f"{sentence}\n\n{page}")
    return 1
