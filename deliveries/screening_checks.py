"""The rules of an analysis held against one message: passed, the one that dropped it, and those never reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from deliveries.models import Broadlog, Delivery, MessageStatus
from deliveries.typology.base import FilteringRule
from deliveries.typology.registry import filters_of
from recipients.models import Quarantine, Recipient
from recipients.quarantine import address_key
from recipients.query.one_person import Check


def rule_checks(delivery: Delivery, row: Broadlog) -> tuple[Check, ...]:
    """In the order of the rules. What dropped the person is read from the log, the evidence from today's data."""
    dropped_by = row.failure_reason if row.status == MessageStatus.IGNORED else None
    checks, is_over = [], False
    for rule in filters_of(delivery):
        holds = None if is_over else rule.reason != dropped_by
        values = tuple(_evidence(rule, delivery, row)) if holds is False else ()
        checks.append(Check(str(rule.label), holds, values))
        is_over = is_over or holds is False
    return tuple(checks)


def _evidence(rule: FilteringRule, delivery: Delivery, row: Broadlog) -> Iterator[str]:
    person = Recipient.objects.filter(pk=row.recipient_id or 0).first()
    if row.address:
        yield _("Address: %(address)s") % {"address": row.address}
    fields = ("denylist_all", f"denylist_{delivery.channel}") if rule.code == "denylisted" else ()
    for name in fields:
        if getattr(person, name, False):
            yield str(Recipient._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    if rule.quarantine_status is not None:
        yield from _quarantine(delivery.channel, row.address)


def _quarantine(channel: str, address: str) -> Iterator[str]:
    entry: Any = Quarantine.objects.filter(channel=channel, address=address_key(channel, address)).first()
    if entry is None:
        return
    since = date_format(localtime(entry.last_error_at or entry.created_at), "DATETIME_FORMAT")
    yield _("%(state)s since %(at)s") % {"state": entry.get_status_display(), "at": since}
    if entry.error_text:
        yield entry.error_text[:300]
