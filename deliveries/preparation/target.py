"""Targeting: everybody gets one broadlog, pending or ignored with the reason, in one INSERT … SELECT."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count

from common.sql import execute, fetch_all
from deliveries.channels.registry import channels
from deliveries.models import Broadlog, MessageStatus, Preparation
from deliveries.preparation.population import is_continued, repeat_of, served, skips_served, target_of
from deliveries.preparation.screening import Statement, judge
from deliveries.typology.registry import filters_of
from recipients.vocabulary import FailureReason


@dataclass(frozen=True)
class TargetCounts:
    """What the analysis found; `rows` are those it wrote, by counter."""

    targeted: int
    ignored_counts: dict[str, int]
    already_in_delivery: int
    rows: dict[str, int]

    @property
    def ignored(self) -> int:
        return sum(self.ignored_counts.values())

    def columns(self) -> dict[str, Any]:
        """The values for `Preparation`."""
        return {
            "targeted": self.targeted,
            "ignored": self.ignored,
            "to_deliver": self.targeted - self.ignored,
            "ignored_counts": self.ignored_counts,
            "already_in_delivery": self.already_in_delivery,
        }


def estimate(preparation: Preparation) -> TargetCounts:
    """Count without writing a row."""
    return _counts(preparation, _judged_reasons(judge(preparation)), written={})


def fill(preparation: Preparation, *, now: datetime) -> TargetCounts:
    """Write the broadlogs of this analysis and count them."""
    if preparation.delivery.proof_target is not None and "addresses" in preparation.delivery.proof_target:
        return _fill_addresses(preparation, now)
    already = _already_in_delivery(preparation)
    judged = judge(preparation)
    # Dropped rows leave no trace but their number, so they are counted before they are dropped.
    dropped = {} if preparation.delivery.keep_ignored else _judged_reasons(judged)
    _insert(preparation, judged, now)
    written = _written_reasons(preparation)
    return _counts(preparation, dropped or written, written=written, already=already)


def _insert(preparation: Preparation, judged: Statement, now: datetime) -> int:
    delivery = preparation.delivery
    kept = "" if delivery.keep_ignored else " WHERE judged.reason IS NULL"
    # Ordered, so that the inserts into the index by recipient are sequential and a part is a range of people.
    sql = (
        f"INSERT INTO {connection.ops.quote_name(Broadlog._meta.db_table)}"
        " (delivery_id, preparation_id, recipient_id, repeat, address, status,"
        " failure_type, failure_reason, updated_at)"
        " SELECT %s, %s, judged.id, %s, judged.address,"
        f" CASE WHEN judged.reason IS NULL THEN {int(MessageStatus.PENDING)} ELSE {int(MessageStatus.IGNORED)} END,"
        f" {_failure_type(preparation)}, judged.reason, %s FROM ({judged.sql}) AS judged{kept} ORDER BY judged.id"
    )
    _give_room()
    fixed = (delivery.pk, preparation.pk, repeat_of(preparation), connection.ops.adapt_datetimefield_value(now))
    return execute(sql, (*fixed, *judged.parameters))


def _give_room() -> None:
    # With PostgreSQL's 4 MB both sorts of a large target go to disk: a million people need about 150 MB. It is taken
    # only as far as needed, and until the end of this transaction.
    if connection.vendor == "postgresql":
        execute("SET LOCAL work_mem = '256MB'")


def _failure_type(preparation: Preparation) -> str:
    rules = filters_of(preparation.delivery)
    branches = " ".join(f"WHEN {int(rule.reason)} THEN {int(rule.failure_type)}" for rule in rules)
    return f"CASE judged.reason {branches} END"


def _fill_addresses(preparation: Preparation, now: datetime) -> TargetCounts:
    """A proof to bare addresses, at most a hundred."""
    channel = channels.get(preparation.delivery.channel)
    rows = [
        Broadlog(
            delivery=preparation.delivery,
            preparation=preparation,
            address=channel.check_address(address),
            status=MessageStatus.PENDING,
            updated_at=now,
        )
        for address in (preparation.delivery.proof_target or {})["addresses"]
    ]
    Broadlog.objects.bulk_create(rows)
    written: dict[int | None, int] = {None: len(rows)}
    return _counts(preparation, written, written=written)


def _already_in_delivery(preparation: Preparation) -> int:
    if not is_continued(preparation) or not skips_served(preparation):
        return 0
    return target_of(preparation).filter(served(preparation)).count()


def _judged_reasons(judged: Statement) -> dict[int | None, int]:
    rows = fetch_all(f"SELECT reason, COUNT(*) FROM ({judged.sql}) AS judged GROUP BY reason", judged.parameters)
    return {reason: int(number) for reason, number in rows}


def _written_reasons(preparation: Preparation) -> dict[int | None, int]:
    rows = Broadlog.objects.filter(delivery=preparation.delivery_id, preparation=preparation)
    return dict(rows.values_list("failure_reason").annotate(Count("pk")).order_by())


def _counts(
    preparation: Preparation, judged: dict[int | None, int], *, written: dict[int | None, int], already: int = 0
) -> TargetCounts:
    by_reason = {reason: number for reason, number in judged.items() if reason is not None}
    pending, rows = written.get(None, 0), sum(written.values())
    return TargetCounts(
        targeted=sum(judged.values()),
        ignored_counts={FailureReason(reason).slug: by_reason[reason] for reason in sorted(by_reason)},
        already_in_delivery=already,
        rows={"targeted": rows, "pending": pending, "ignored": rows - pending},
    )
