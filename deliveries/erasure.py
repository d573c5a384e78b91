"""What deliveries keep of a person: addresses and answers of servers in the logs, targets and journals that name them.

The rows of the log stay, without their address: the account of every delivery is what it was.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from deliveries.models import Broadlog, Delivery, DeliveryKind, DeliveryPart, InboundMail, Preparation, PreparationLog
from deliveries.mta.journal import DONE_SUFFIX, journal_folder
from recipients.erasure.access import Rows, disclosures
from recipients.erasure.erase import erasers
from recipients.erasure.mentions import erase_lines, erase_mentions
from recipients.erasure.person import Person
from recipients.models import Recipient


@erasers.register("deliveries")
def erase(person: Person, *, now: datetime) -> int:
    mails = InboundMail.objects.filter(_mails_of(person.id, person.email))
    rows = mails.update(address="", detail="", quarantine_before=None)
    rows += erase_mentions(InboundMail.objects.all(), person, "detail", "quarantine_before")
    rows += _messages_of(person).update(address="", failure_detail="")
    rows += erase_mentions(Delivery.objects.all(), person, "label", "error", "target", "proof_target")
    rows += erase_mentions(DeliveryPart.objects.exclude(throttle_reason=""), person, "throttle_reason")
    rows += erase_mentions(Preparation.objects.all(), person, "error")
    rows += erase_mentions(PreparationLog.objects.all(), person, "message", "sentence")
    # Those at work are their writers' own; a journal whose outcomes are applied is only history.
    return rows + erase_lines(journal_folder().glob(f"*{DONE_SUFFIX}"), person)


def _messages_of(person: Person) -> QuerySet[Broadlog]:
    """Theirs, and proofs to their bare address."""
    messages = Q(recipient=person.id)
    if person.email:
        proofs = Delivery.objects.filter(kind=DeliveryKind.PROOF).values("pk")
        messages |= Q(recipient__isnull=True, address__iexact=person.email, delivery__in=proofs)
    return Broadlog.objects.filter(messages)


def _mails_of(recipient: int, email: str) -> Q:
    mails = Q(broadlog_id__in=Broadlog.objects.filter(recipient=recipient).values("pk"))
    return mails | Q(address__iexact=email) if email else mails


@disclosures.register("deliveries.inboundmail")
def _mails(recipient: Recipient) -> Rows:
    mails = InboundMail.objects.filter(_mails_of(recipient.pk, recipient.email))
    return [dict(row) for row in mails.values()]
