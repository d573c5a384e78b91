"""What mails say reaches the database: one short transaction per batch, each mail once however often it is read.

Locks are taken in the order of the senders: rows, addresses, deliveries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from common.sql import exclusive, execute, rows_given, timestamp
from deliveries.counters import counter_of, move_counts
from deliveries.inbound.cases import Case, ReadMail, SentMessage, case_of
from deliveries.inbound.handlers import unsubscription_handlers
from deliveries.inbound.tokens import broadlog_of
from deliveries.models import Broadlog, Delivery, MessageStatus
from deliveries.models.broadlog import MESSAGE_MOVES
from deliveries.models.inbound import BounceRule, InboundMail
from installation.options import INBOUND_BOUNCE_DAYS, get_option
from recipients.quarantine import denylist_addresses, record_failures
from recipients.quarantine_states import Key, State, states_of

BATCH = 500


class LostRow(RuntimeError):
    """A locked row changed its status: nothing of the batch is kept."""


def known_keys(keys: Collection[str]) -> set[str]:
    """Those of mails that were applied before."""
    return set(InboundMail.objects.filter(key__in=keys).values_list("key", flat=True))


def apply_mails(mails: Sequence[ReadMail], *, now: datetime) -> Counter[str]:
    """Apply at most `BATCH` mails in one transaction; return how many met which outcome. Known mails change nothing."""
    assert len(mails) <= BATCH
    # One at a time: two processes that read one mailbox count nothing twice.
    with exclusive("deliveries.inbound"):
        known = known_keys([mail.key for mail in mails])
        new = {mail.key: mail for mail in mails if mail.key not in known}
        cases = _cases(list(new.values()), now)
        before = states_of({key for case in cases if (key := _key(case)) is not None})
        _write_messages(cases, now)
        record_failures(failures=[case.failure for case in cases if case.failure], now=now)
        denylist_addresses(complaints=[case.complaint for case in cases if case.complaint], now=now)
        _move_counters(cases)
        _keep(cases, before, now)
        for case in cases:
            if case.unsubscribes and case.message:
                for handler in unsubscription_handlers:
                    handler(broadlog_id=case.message.pk, now=now)
    return Counter(str(case.outcome) for case in cases)


def _cases(mails: Sequence[ReadMail], now: datetime) -> list[Case]:
    """The first mail about a message decides what it becomes; a later one of the batch finds it so."""
    named = {mail.key: broadlog_of(mail.reading) if mail.reading else None for mail in mails}
    messages = _messages([number for number in named.values() if number is not None])
    days = timedelta(days=get_option(INBOUND_BOUNCE_DAYS.name))
    cases = []
    failed: set[int] = set()
    for mail in mails:
        message = messages.get(named[mail.key] or 0)
        case = case_of(mail, message, now=now, bounces_count_for=days)
        if message is not None and case.failure is not None:
            case = Case(mail, InboundMail.Outcome.NO_EFFECT, message) if message.pk in failed else case
            failed.add(message.pk)
        cases.append(case)
    return cases


def _messages(numbers: Iterable[int]) -> dict[int, SentMessage]:
    locked = Broadlog.objects.filter(pk__in=set(numbers)).order_by("pk").select_for_update()
    rows = list(locked.values_list("pk", "delivery_id", "address", "status", "in_doubt_since", "updated_at"))
    deliveries = Delivery.objects.only("label", "channel").in_bulk({row[1] for row in rows})
    return {
        number: SentMessage(
            pk=number,
            delivery_id=delivery_id,
            delivery_label=deliveries[delivery_id].label,
            channel=deliveries[delivery_id].channel,
            address=address,
            status=status,
            is_in_doubt=in_doubt_since is not None,
            updated_at=updated_at,
        )
        for number, delivery_id, address, status, in_doubt_since, updated_at in rows
        if delivery_id in deliveries
    }


def _key(case: Case) -> Key | None:
    blame = case.failure or case.complaint
    return blame.key if blame else None


def _written(cases: Iterable[Case]) -> list[Case]:
    """Those whose message changes, each message once: a failure rather than what only proves that it left."""
    chosen: dict[int, Case] = {}
    for case in cases:
        if case.message is not None and case.status is not None:
            present = chosen.get(case.message.pk)
            if present is None or (case.failure and not present.failure):
                chosen[case.message.pk] = case
    return [chosen[number] for number in sorted(chosen)]


# Number, old status, then what is written.
_CHANGE_TYPES = ("bigint", "smallint", "smallint", "smallint", "smallint", "text")
_CHANGES = """
UPDATE deliveries_broadlog AS b
SET status = CAST(change.column3 AS smallint), in_doubt_since = NULL,
    failure_type = CAST(change.column4 AS smallint), failure_reason = CAST(change.column5 AS smallint),
    failure_detail = CAST(change.column6 AS varchar(1000)), updated_at = %s
FROM ({rows}) AS change WHERE b.id = change.column1 AND b.status = change.column2
"""


def _write_messages(cases: Iterable[Case], now: datetime) -> None:
    rows = [_change(case) for case in _written(cases)]
    if not rows:
        return
    given, parameters = rows_given(rows, _CHANGE_TYPES)
    changed = execute(_CHANGES.format(rows=given), [timestamp(now), *parameters])
    if changed != len(rows):
        raise LostRow(f"{len(rows) - changed} messages changed while they were locked.")


def _change(case: Case) -> list[Any]:
    message, status = case.message, case.status
    assert message is not None and status is not None  # `_written` chose it so.
    assert status == message.status or MESSAGE_MOVES.allows(message.status, status)
    failure = case.failure
    said = (int(failure.type), int(failure.reason), failure.text[:1000]) if failure else (None, None, "")
    return [message.pk, message.status, int(status), *said]


def _move_counters(cases: Iterable[Case]) -> None:
    deltas: dict[int, Counter[str]] = {}
    for case in _written(cases):
        message, status = case.message, case.status
        assert message is not None and status is not None  # `_written` chose it so.
        moved = deltas.setdefault(message.delivery_id, Counter())
        moved[counter_of(message.status, in_doubt=message.is_in_doubt)] -= 1
        moved[counter_of(MessageStatus(status))] += 1
    for delivery_id in sorted(deltas):
        move_counts(delivery_id, deltas[delivery_id])


def _keep(cases: Sequence[Case], before: dict[Key, State], now: datetime) -> None:
    named = Counter(case.verdict.rule for case in cases if case.verdict and case.verdict.rule)
    rules = dict(BounceRule.objects.filter(name__in=named).values_list("name", "pk")) if named else {}
    for name in sorted(rules):
        BounceRule.objects.filter(pk=rules[name]).update(hits=F("hits") + named[name])
    InboundMail.objects.bulk_create([_mail(case, rules, before, now) for case in cases])


def _mail(case: Case, rules: dict[str, int], before: dict[Key, State], now: datetime) -> InboundMail:
    message, verdict, reading, key = case.message, case.verdict, case.mail.reading, _key(case)
    address = message.address if message else (verdict.address if verdict else "")
    return InboundMail(
        key=case.mail.key,
        source_id=case.mail.source_id,
        received_at=now,
        kind=reading.kind.value if reading else InboundMail._meta.get_field("kind").get_default(),
        outcome=case.outcome,
        broadlog_id=message.pk if message else None,
        delivery_id=message.delivery_id if message else None,
        address=address[:254],
        domain=address.rpartition("@")[2].lower()[:253],
        failure_type=verdict.failure_type if verdict else None,
        failure_reason=verdict.failure_reason if verdict else None,
        status=verdict.status[:20] if verdict else "",
        detail=_detail(case)[:1000],
        rule_id=rules.get(verdict.rule) if verdict else None,
        quarantine_before=None if key is None else {"channel": key[0], "address": key[1], "state": before[key]},
    )


def _detail(case: Case) -> str:
    reading = case.mail.reading
    if case.verdict and case.verdict.detail:
        return case.verdict.detail
    return (reading.feedback_type or reading.subject) if reading else ""
