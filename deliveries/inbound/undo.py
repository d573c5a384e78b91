"""A provider was out of order and refused everybody: an operator takes back what that did to addresses.

By time, domain and words of the answer, whether it came by a mail or while sending. Messages stay failed: they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from common.errors import Invalid
from deliveries.models.inbound import InboundMail
from recipients.models import Quarantine
from recipients.quarantine_states import Key, State, restore_states

BATCH = 500
EXAMPLES = 5
_CHANGED = (Quarantine.Status.QUARANTINED, Quarantine.Status.WITH_ERRORS)


class InvalidOutage(Invalid):
    """The time, domain and words name no outage."""

    code = "invalid_outage"


@dataclass(frozen=True)
class Outage:
    """From `since` (included) to `until`; of one domain, of answers with these words, or both."""

    since: datetime
    until: datetime
    domain: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        if self.until <= self.since:
            sentence = _("The outage must end after it began.")
            raise InvalidOutage(sentence, fields={"until": [sentence]})
        if not self.domain.strip() and not self.text.strip():
            sentence = _("Name the domain, words of its answer, or both.")
            raise InvalidOutage(sentence, fields={"domain": [sentence]})


@dataclass(frozen=True)
class Found:
    """What an outage did, and an undo takes back: addresses, mails, and the commonest answers with their numbers."""

    addresses: int
    mails: int
    answers: list[tuple[str, int]] = field(default_factory=list)


def preview(outage: Outage) -> Found:
    """What `undo_outage` would find now."""
    rows = _addresses(outage)
    answers = rows.values_list("error_text").annotate(number=Count("pk")).order_by("-number", "error_text")
    return Found(rows.count(), _mails(outage).count(), list(answers[:EXAMPLES]))


def undo_outage(outage: Outage, *, now: datetime) -> Found:
    """Give every address back the state that it had before the outage; return how many changed.

    An address whose last error is another one is left alone, and so is one that complained. Where nothing tells the
    former state, the address becomes valid. Each batch is a transaction; a second call finds what a broken one left.
    """
    before = _states_before(outage)
    restored = 0
    for batch in _batches(_addresses(outage)):
        states = {row.pk: before.get((row.channel, row.address)) for row in batch}
        restored += restore_states(states, now=now)
    mails = _mails(outage).update(outcome=InboundMail.Outcome.UNDONE)
    return Found(restored, mails)


def _addresses(outage: Outage) -> QuerySet[Quarantine]:
    rows = Quarantine.objects.filter(
        status__in=_CHANGED, last_error_at__gte=outage.since, last_error_at__lt=outage.until
    )
    if outage.domain.strip():
        rows = rows.filter(address__endswith=f"@{_domain(outage)}")
    return rows.filter(error_text__icontains=outage.text.strip()) if outage.text.strip() else rows


def _mails(outage: Outage) -> QuerySet[InboundMail]:
    rows = InboundMail.objects.filter(
        outcome=InboundMail.Outcome.APPLIED,
        received_at__gte=outage.since,
        received_at__lt=outage.until,
        quarantine_before__isnull=False,
    ).exclude(kind="complaint")
    if outage.domain.strip():
        rows = rows.filter(domain=_domain(outage))
    return rows.filter(detail__icontains=outage.text.strip()) if outage.text.strip() else rows


def _domain(outage: Outage) -> str:
    return outage.domain.strip().lower().lstrip("@")


def _states_before(outage: Outage) -> dict[Key, State]:
    """The state that each address had before the first of these mails; none for those that had no row."""
    before: dict[Key, State] = {}
    kept = _mails(outage).order_by("received_at", "pk").values_list("quarantine_before", flat=True)
    for document in kept.iterator(chunk_size=BATCH):
        if document is not None:
            before.setdefault((document["channel"], document["address"]), document["state"])
    return before


def _batches(rows: QuerySet[Quarantine]) -> Iterator[list[Quarantine]]:
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk").only("channel", "address")[:BATCH]):
        last = batch[-1].pk
        yield batch
