"""The account of a delivery: one line per status, with the reasons, from the counters that move with the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from common.badges import Badge
from common.figures import count, share_of
from deliveries.admin.badges import ACCOUNT
from deliveries.models import Broadlog, Delivery, DeliveryPart, MessageStatus, Preparation
from recipients.vocabulary import FailureReason

ALWAYS = ("sent", "pending", "failed", "ignored", "cancelled")
# Up to here every failed row is looked at; of more, as many parts as give a good guess.
COUNTED_ROWS = 50_000
SAMPLED_PARTS = 20
MOST_REASONS = 4


@dataclass(frozen=True)
class Line:
    """`reasons`: “mailbox full: 9, user unknown: 5”; `slug` is the status filter of the log."""

    slug: str
    badge: Badge
    number: int
    share: str
    reasons: str = ""


@dataclass(frozen=True)
class Account:
    lines: list[Line]
    targeted: int
    # Targeted minus what the statuses add up to: 0 unless something is wrong.
    difference: int

    @property
    def command(self) -> str:
        return "./diffusion ledger"


def account_of(delivery: Delivery, analyses: list[Preparation]) -> Account:
    """A few bounded queries, however long the log is."""
    reasons = {"ignored": _ignored_reasons(delivery, analyses), "failed": _failed_reasons(delivery)}
    lines = [
        Line(name, badge, number, share_of(number, delivery.targeted), reasons.get(name, ""))
        for name, badge in ACCOUNT
        for number in [getattr(delivery, name)]
        if number or name in ALWAYS
    ]
    added = sum(getattr(delivery, name) for name in Delivery.STATUS_COUNTERS)
    return Account(lines, delivery.targeted, delivery.targeted - added)


def _ignored_reasons(delivery: Delivery, analyses: list[Preparation]) -> str:
    """Those that the analyses wrote down, and how many were ignored since."""
    counts: Counter[str] = Counter()
    for analysis in analyses:
        counts.update(analysis.ignored_counts)
    said = _say({FailureReason.from_slug(slug).label: number for slug, number in counts.items()})
    since = delivery.ignored - sum(counts.values()) if delivery.keep_ignored else 0
    later = _("%(number)s since the analysis") % {"number": count(since)} if since > 0 else ""
    return ", ".join(part for part in (said, later) if part)


def _failed_reasons(delivery: Delivery) -> str:
    if not delivery.failed:
        return ""
    rows, sampled = _failed_rows(delivery)
    groups = rows.order_by().values_list("failure_reason").annotate(number=Count("pk"))
    said = _say({FailureReason(reason or 0).label: number for reason, number in groups})
    if not sampled or not said:
        return said
    return _("in a sample of %(rows)s messages: %(reasons)s") % {"rows": count(sampled), "reasons": said}


def _failed_rows(delivery: Delivery) -> tuple[Any, int]:
    """The failed rows, and 0; or those of some parts spread over a long log, and how many rows these parts have."""
    rows = Broadlog.objects.filter(delivery=delivery, status=MessageStatus.FAILED)
    if delivery.targeted <= COUNTED_ROWS:
        return rows, 0
    parts = list(
        DeliveryPart.objects.filter(delivery=delivery).order_by("pk").values_list("first_id", "last_id", "size")
    )
    chosen = parts[:: max(1, len(parts) // SAMPLED_PARTS)][:SAMPLED_PARTS]
    ranges = Q(pk__in=[])
    for first, last, _size in chosen:
        ranges |= Q(pk__range=(first, last))
    return rows.filter(ranges), sum(size for _first, _last, size in chosen)


def _say(counts: Mapping[Any, int]) -> str:
    ordered = sorted(counts.items(), key=lambda entry: -entry[1])
    said = [
        _("%(reason)s: %(number)s") % {"reason": f"{str(label)[:1].lower()}{str(label)[1:]}", "number": count(number)}
        for label, number in ordered[:MOST_REASONS]
    ]
    if len(ordered) > MOST_REASONS:
        rest = sum(number for _label, number in ordered[MOST_REASONS:])
        said.append(_("other: %(number)s") % {"number": count(rest)})
    return ", ".join(said)
